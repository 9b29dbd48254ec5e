import { SpanHeap112 } from "../span-heap-1.12.ts";
import type { Era } from "../types.ts";

export const go1_12dev: Era = {
  name: "go1.12-dev",
  since: "1.12.0",
  until: "1.12.4",
  summary: "best fit whose search misses better fits, so small requests cut up large spans (golang/go#31616)",
  pace: "aged",
  create: (config) => new SpanHeap112(config, true),
};
