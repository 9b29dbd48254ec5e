import { SpanHeap111 } from "../span-heap-1.11.ts";
import type { Era } from "../types.ts";

export const go1_11: Era = {
  name: "go1.11",
  since: "1.11",
  until: "1.11",
  summary: "free lists by size and a treap of large spans; memory goes back when unused for 5 minutes",
  pace: "aged",
  create: (config) => new SpanHeap111(config),
};
