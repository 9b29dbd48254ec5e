/**
 * How long marks take in each phase of a program, against what their bytes alone would have them take: while it keeps all Ps busy a
 * mark has a quarter of them, while it leaves some idle they help (mgc.go:gcController.findRunnableGCWorker, idle workers).
 */
import { firstAfter } from "./deaths.ts";

/** Marks whose median stands for each moment: single ones are late for many reasons. */
const AROUND = 5;

export interface MarkPace {
  /** When the recorded marks began, ns, ascending. */
  readonly time: readonly number[];
  /** Wall time of those around each, as a multiple of the one that their bytes let expect. */
  readonly factor: readonly number[];
}

/** `marks` by time, each with what it took and what would have been expected, ns. */
export function markPace(
  marks: readonly { readonly start: number; readonly ns: number; readonly expected: number }[],
): MarkPace {
  const factors = marks.map(({ ns, expected }) => ns / expected);
  const reach = AROUND >> 1;
  return {
    time: marks.map(({ start }) => start),
    factor: factors.map((_, i) => {
      const from = Math.max(0, Math.min(i - reach, factors.length - AROUND));
      const around = factors.slice(from, from + AROUND).sort((a, b) => a - b);
      return around[around.length >> 1]!;
    }),
  };
}

/** The factor at `t`: on the line between the marks before and after it. 1 where there was none. */
export function paceAt({ time, factor }: MarkPace, t: number): number {
  if (time.length === 0) return 1;
  const after = firstAfter(time, t);
  if (after === 0) return factor[0]!;
  if (after === time.length) return factor[after - 1]!;
  const from = time[after - 1]!;
  const share = (t - from) / (time[after]! - from);
  return factor[after - 1]! + share * (factor[after]! - factor[after - 1]!);
}
