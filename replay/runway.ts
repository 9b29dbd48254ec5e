/**
 * How far before its goal a GC starts: what each version learns from its last cycles.
 *
 * - 1.11-1.17 (mgc.go:endCycle): a trigger ratio that is moved by half the error of the last cycle.
 * - 1.18-1.27 (mgcpacer.go:endCycle, commit): cons/mark, the bytes allocated per byte marked, smoothed by a controller
 *   (1.18, 1.19), the mean of two (1.20), or the largest of five (1.21+).
 */
import { BACKGROUND_UTILIZATION } from "./pacer.ts";

/** What a finished mark phase shows. Bytes. */
export interface FinishedMark {
  readonly liveAtStart: number;
  readonly liveAtEnd: number;
  readonly marked: number;
  /** Bytes marked by the cycle before. */
  readonly markedBefore: number;
  /** Goal as of the cycle before, beyond `markedBefore`. */
  readonly goal: number;
  readonly forced: boolean;
  /** Share of CPU time that assists took during the mark, and that idle workers did, 0..1. */
  readonly assisting?: number;
  readonly idle?: number;
  /** Bytes scanned, where the mark's work is known; `marked` stands for it where not, and the CPU time is left out, too. */
  readonly scanned?: number;
}

export interface Feedback {
  endCycle(mark: FinishedMark): void;
}

const TRIGGER_GAIN = 0.5;
const INITIAL_RATIO = 7 / 8;
const MAX_RATIO = 0.95;
/** mgc.go:gcGoalUtilization (1.11-1.17). */
const GOAL_UTILIZATION = 0.3;

/** 1.11-1.17: memstats.triggerRatio. */
export class TriggerRatio implements Feedback {
  ratio = INITIAL_RATIO;
  readonly #gogc: number;
  readonly #low: number;
  readonly #byGogc: boolean;

  constructor(gogc: number, minor: number) {
    this.#gogc = gogc / 100;
    // 1.14 bounded the feedback: fast allocation must not start the GC ever earlier.
    this.#low = minor >= 14 ? 0.6 * this.#gogc : 0;
    this.#byGogc = minor <= 12;
  }

  endCycle({ liveAtEnd, markedBefore, goal, forced, assisting = 0 }: FinishedMark): void {
    if (forced || markedBefore <= 0 || !Number.isFinite(this.#gogc)) return;
    const grown = liveAtEnd / markedBefore - 1;
    const wanted = this.#byGogc ? this.#gogc : goal / markedBefore - 1;
    const utilization = (BACKGROUND_UTILIZATION + assisting) / GOAL_UTILIZATION;
    const error = wanted - this.ratio - utilization * (grown - this.ratio);
    this.ratio = Math.min(Math.max(this.ratio + TRIGGER_GAIN * error, this.#low), MAX_RATIO * this.#gogc);
  }
}

/** piController of 1.18 and 1.19 for cons/mark (mgcpacer.go:init). */
const KP = 0.9;
const TI = 4;
const CLAMP = 1000;
const MEAN_OF = 2;
/** Of a P that did nothing but assist: its own allocation took some of its time. */
const MOST_UTILIZATION = 0.99;
/** mgcpacer.go:commit: (1 - gcGoalUtilization) / gcGoalUtilization, by which cons/mark of CPU time becomes a runway. */
export const RUNWAY_PER_CONS_MARK = (1 - BACKGROUND_UTILIZATION) / BACKGROUND_UTILIZATION;
const LARGEST_OF = 5;

/** 1.18-1.27: bytes allocated while one byte is marked. */
export class ConsMark implements Feedback {
  value = 0;
  readonly #minor: number;
  readonly #last: number[] = [];
  #integral = 0;

  constructor(minor: number) {
    this.#minor = minor;
  }

  /**
   * Bytes of allocation to expect for `scan` bytes to mark. The controller of 1.18 and 1.19 also gets below zero, after marks during
   * which next to nothing was allocated, and a negative figure becomes the largest unsigned one (as amd64 and arm64 differ in
   * what they make of it, this is amd64's): the GC then starts as early as it may.
   */
  runway(scan: number): number {
    return this.value < 0 ? Number.POSITIVE_INFINITY : this.value * scan;
  }

  endCycle({ liveAtStart, liveAtEnd, marked, assisting = 0, idle = 0, scanned }: FinishedMark): void {
    if (liveAtEnd <= liveAtStart || marked <= 0) return;
    const utilization = Math.min(MOST_UTILIZATION, BACKGROUND_UTILIZATION + assisting);
    const now =
      scanned === undefined
        ? (liveAtEnd - liveAtStart) / marked
        : ((liveAtEnd - liveAtStart) * (utilization + idle)) / (Math.max(1, scanned) * (1 - utilization));
    if (this.#minor <= 19) {
      const error = now - this.value;
      const output = Math.min(Math.max(KP * error + this.#integral, -CLAMP), CLAMP);
      this.#integral += (KP / TI) * error;
      this.value = output;
      return;
    }
    this.#last.push(now);
    if (this.#last.length > (this.#minor === 20 ? MEAN_OF : LARGEST_OF)) this.#last.shift();
    this.value = this.#minor === 20 ? this.#last.reduce((sum, x) => sum + x, 0) / MEAN_OF : Math.max(...this.#last);
  }
}
