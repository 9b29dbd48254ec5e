import { SpanHeap113 } from "../span-heap-1.13.ts";
import type { Era } from "../types.ts";

export const go1_13: Era = {
  name: "go1.13",
  since: "1.13",
  until: "1.13",
  summary: "first fit by address; a background scavenger keeps the heap at 110% of what the next GC will need",
  pace: "line",
  create: (config) => new SpanHeap113(config),
};
