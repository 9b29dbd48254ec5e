import { SpanHeap112 } from "../span-heap-1.12.ts";
import type { Era } from "../types.ts";

export const go1_12: Era = {
  name: "go1.12",
  since: "1.12.5",
  until: "1.12",
  summary:
    "best fit over treaps of backed and of returned spans; growth returns the largest spans; 5 minutes otherwise",
  pace: "aged",
  create: (config) => new SpanHeap112(config),
};
