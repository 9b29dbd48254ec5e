/** Which format an input is: its content decides, never its name. */
import type { Format } from "./format.ts";

/** The surest format for these first bytes, the first listed on a tie; null when none knows them. */
export function detect(head: Uint8Array, formats: readonly Format[]): Format | null {
  let best: Format | null = null;
  let bestScore = 0;
  for (const format of formats) {
    const score = format.detect(head);
    if (score > bestScore) {
      best = format;
      bestScore = score;
    }
  }
  return best;
}

/** The head as text, for formats of text; bytes that are not UTF-8 become U+FFFD. */
export function headText(head: Uint8Array, limit = 4096): string {
  return new TextDecoder().decode(head.subarray(0, limit));
}
