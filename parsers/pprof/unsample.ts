/**
 * Un-biasing a heap profile.
 *
 * The runtime samples one allocation each MemProfileRate bytes on average, as a Poisson process: an object of size S is
 * in the profile with probability 1 - exp(-S/rate), so each sampled object stands for 1/(1 - exp(-S/rate)) objects of
 * its size (runtime/pprof/protomem.go scaleHeapSample; pprof's profile/legacy_profile.go has the same).
 *
 * Who has applied that already differs by form:
 * - protobuf profiles: runtime/pprof scaled them when it wrote them. Scaling again would be wrong.
 * - the text form (debug=1): it holds what was sampled; the reader scales.
 */

import { SIZE_CLASSES } from "./size-classes.ts";

/** How many objects one sampled object of `size` bytes stands for. */
export function sampleScale(size: number, rate: number): number {
  // Rate 1 samples everything; 0 or less means that the rate is unknown (scaleHeapSample does the same).
  if (rate <= 1 || size <= 0) return 1;
  // Go's own expression, to the bit, so that rounded results agree with pprof's.
  return 1 / (1 - Math.exp(-size / rate));
}

/** Bytes of a runtime page: objects over 32 KiB have sizes in whole pages. */
const PAGE = 8192;

function isSlotSize(size: number): boolean {
  return size > 32768 ? size % PAGE === 0 : SIZE_CLASSES.has(size);
}

/**
 * The size of the slot that the objects of one bucket were given, from a scaled protobuf sample.
 *
 * A bucket of the runtime's memory profile has one size, and since Go 1.12 the label "bytes" is that size. Before, it
 * was scaled bytes / scaled objects, both rounded down: for few objects far too large (a single 483328-byte object came
 * out as 802567 bytes). The number of objects sampled is an integer, which gives the real size back.
 */
export function slotSize(label: number, objects: number, bytes: number, rate: number): number {
  if (label <= 0 || rate <= 1 || isSlotSize(label)) return label;
  const count = Math.abs(objects);
  const sum = Math.abs(bytes);
  if (count === 0 || sum === 0) return label;
  // The unrounded object count is in [count, count + 1), so the size is in (sum / (count + 1), sum / count].
  const low = sum / (count + 1);
  const high = sum / count;
  let best = label;
  let bestError = Number.POSITIVE_INFINITY;
  const consider = (size: number) => {
    if (size < low || size > high) return;
    const scale = sampleScale(size, rate);
    const sampled = Math.max(1, Math.round(sum / (size * scale)));
    // As many samples of this size must give what is in the profile, rounding included.
    if (Math.floor(sampled * scale * (1 + 1e-12)) !== count) return;
    const error = Math.abs(sampled * size * scale - sum);
    if (error < bestError) {
      bestError = error;
      best = size;
    }
  };
  for (const size of SIZE_CLASSES) consider(size);
  // In an interval of many pages (a huge object sampled once) no two counts are near: try one size for each count.
  if (high > 32768) {
    const most = Math.min(count + 1, 64);
    if ((high - low) / PAGE <= 4096) {
      for (let size = Math.max(PAGE * 5, Math.ceil(low / PAGE) * PAGE); size <= high; size += PAGE) consider(size);
    } else {
      for (let n = 1; n <= most; n++) consider(Math.round(solveSize(sum / n, rate) / PAGE) * PAGE);
    }
  }
  // No size fits to the byte: a merged profile, or one of another allocator. Then the label is all there is.
  return bestError <= 1 + sum * 1e-9 ? best : label;
}

/** The size whose single sample stands for `bytes`: size * sampleScale(size, rate) = bytes. */
function solveSize(bytes: number, rate: number): number {
  if (bytes <= rate) return 0;
  let size = bytes;
  // f(size) = size/(1-exp(-size/rate)) is increasing and convex with f' <= 1: this iteration falls towards the root.
  for (let i = 0; i < 100; i++) {
    const next = -bytes * Math.expm1(-size / rate);
    if (Math.abs(next - size) < 1e-6 * size) return next;
    size = next;
  }
  return size;
}
