/**
 * Where to begin looking for n free pages in a row: for each n up to HINTS, a chunk such that every run of at least n free
 * pages begins in it or above. The runtime has only searchAddr, which is that for n = 1, and walks its tree for the rest; the
 * answer is the same, the lowest run that fits, but mostly it is in the chunk of the hint.
 *
 * Longer runs are runs too, so hints ascend with n. Hints are lower bounds: an allocation changes none.
 */
import { MAX_CHUNKS } from "./summary.ts";

export const HINTS = 512;

export class FitHints {
  /** Chunk by n; [0] is not used. */
  readonly chunk = new Int32Array(HINTS + 1).fill(MAX_CHUNKS);

  /** A run of n pages that begins in this chunk, or above, became free. */
  lower(chunk: number, n: number): void {
    const hints = this.chunk;
    for (let i = Math.min(n, HINTS); i > 0 && hints[i]! > chunk; i--) hints[i] = chunk;
  }

  /** No run of n pages begins below this chunk. */
  raise(chunk: number, n: number): void {
    const hints = this.chunk;
    for (let i = n; i <= HINTS && hints[i]! < chunk; i++) hints[i] = chunk;
  }
}
