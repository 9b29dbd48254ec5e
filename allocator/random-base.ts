/**
 * Where the heap of 1.26 and later begins (malloc.go:mallocinit and mheap.go:grow with randomizeHeapBase): an arena at random
 * in 2^46 bytes, a chunk at random in it, and a random number of the chunk's pages that are never used. That makes 24 random
 * bits for the chunk and 9 for the pages.
 */
export function heapRandom(seed: number): { base: number; padding: number } {
  const chunk = mix(seed ^ 0x9e3779b9) >>> 8;
  const padding = mix(seed ^ 0x85ebca6b) >>> 23;
  return { base: Math.max(chunk, 16) * 2 ** 22, padding };
}

/** murmur3's finalizer: well mixed bits of any integer. */
function mix(x: number): number {
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}
