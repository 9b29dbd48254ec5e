/** Memory of the runtime itself beside the heap and what metadata-by-version.ts counts. Bytes. */

/**
 * RSS of a run without a trace, beside the binary, heap and metadata: thread stacks, the memory profiler's table (1.4 MiB
 * mapped), blocks of persistentalloc. Measured on programs of Go 1.11-1.27 (linux/amd64): 1.5 to 2 MB. baseline.ts has less of
 * it, since its figure is for traced runs, whose tracer holds 2.25 MiB of heap that it never touches.
 */
export const RUNTIME_BESIDE_HEAP = 1.7e6;

/**
 * Mapped memory outside the heap that counts against a memory limit, for a small heap: Sys - HeapSys - StackSys, measured on
 * the same programs. 1.19 and 1.20 map the scavenger's index from address 0: 4 MiB that nobody touches.
 */
export function nonHeapMapped(minor: number): number {
  if (minor <= 18) return 9e6;
  if (minor <= 20) return 14.2e6;
  if (minor === 21) return 7.8e6;
  return 5.5e6;
}

/** mspan structures as mapped: 160 bytes each from chunks that are never given back, and their share of the tables of spans. */
export const MAPPED_PER_SPAN = 215;
