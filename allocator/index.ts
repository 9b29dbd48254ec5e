/** `gopages/allocator`: the model of Go's page allocators, 1.11 to 1.27, by itself. */
export { type BitmapEra, isBitmapEra } from "./eras/bitmap-era.ts";
export { ERAS, eraFor, findEra } from "./eras/index.ts";
export { BitmapHeap, type BitmapRules } from "./heap.ts";
export { PageAlloc } from "./page-alloc.ts";
export { PageCaches } from "./page-cache.ts";
export type { Scavenger, ScavengerFactory, ScavengerState } from "./scavenger.ts";
export { sizeClassOf, slotSizesFor, spanLayoutFor } from "./size-classes.ts";
export * from "./types.ts";
