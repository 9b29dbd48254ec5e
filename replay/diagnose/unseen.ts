/**
 * What of Go's own memory the inputs do not show. Sys counts all of it; where only a replay says what Go has, its stacks, metadata and
 * profiling buckets may be anything up to the bounds here, and only what is resident beyond them is certainly not Go's.
 */
import { bucketsOf } from "./buckets.ts";
import type { Facts } from "./facts.ts";
import { MiB } from "./text.ts";

/** A GC scans what of a stack is in use, and halves one of which less than a quarter is (stack.go:shrinkstack). */
const STACK_OVER_SCANNED = 4;
/** Where nothing tells stacks: what a goroutine's may be after deep calls, bytes. */
const DEEP_STACK = 256 << 10;
/** The runtime's structures of any program with its trace's buffers, and what they grow with the largest heap: heap bitmaps, spans, sweep and mark queues. */
const METADATA = 12 * MiB;
export const METADATA_SHARE = 0.08;

/** Bytes by which Go may have more from the system than `backed` says. */
export function unseenBytes(facts: Facts): number {
  // Without addresses what was returned is the model's, and so whether it came back.
  return unseenBeside(facts) + (facts.inferredHeap ? facts.last("heap_released") || 0 : 0);
}

/** The part of it that is not the heap's. */
export function unseenBeside(facts: Facts): number {
  if (facts.series("sys")) return 0;
  const heap = facts.series("heap_sys")?.max ?? 0;
  return stacksAtMost(facts) + METADATA + METADATA_SHARE * heap + bucketsOf(facts);
}

/** Stacks double as they grow (stack.go:newstack): of sizes as likely as any other three quarters are in use. */
const IN_USE = 0.75;
const LEAST_STACK = 2048;

/** StackInuse as a log's scans show it: of so many goroutines, each a power of two; else by what is usual. Bytes. */
export function stacksOfScan(scanned: number, goroutines: number): number {
  const each = scanned / goroutines;
  if (!(each >= LEAST_STACK)) return scanned / IN_USE;
  return goroutines * 2 ** Math.ceil(Math.log2(each));
}

/** What stacks are taken to be at the end: as measured, else by the scans of GCs. Bytes; 0 where nothing tells. */
export function stacksLikely(facts: Facts): number {
  const measured = facts.series("stack_inuse");
  if (measured) return measured.last;
  const scanned = facts.gcs.at(-1)?.stacks;
  return scanned ? stacksOfScan(scanned, facts.series("goroutines")?.last ?? Number.NaN) : 0;
}

function stacksAtMost(facts: Facts): number {
  if (facts.series("stack_inuse")) return 0;
  const scanned = facts.stacksScanned;
  if (scanned !== null) return STACK_OVER_SCANNED * scanned;
  return DEEP_STACK * (facts.series("goroutines")?.max ?? 0);
}
