/**
 * How much of goroutines' stacks each GC scanned, as the heap goal after it shows (mgcpacer.go:commit, from Go 1.18 on):
 *
 *     goal = marked + (marked + stacks + globals) * GOGC/100
 *
 * Globals are the same at each GC, so what goals show beyond the least of all GCs are stacks. That is all that an ordinary trace tells
 * of stacks' sizes; it is exact at GCs, and says nothing of a burst between two.
 */
import {
  type EventBatch,
  GC_MARK_TERMINATION,
  GC_START,
  GO_CREATE,
  GO_END,
  HEAP_GOAL,
  HEAP_LIVE,
} from "../../parsers/events.ts";
import { settingsFromGoals } from "../goal-settings.ts";
import { HEAP_MINIMUM } from "../pacer.ts";

/** Figures of goals are exact to some KiB; less than this is no sign of deep stacks. */
const NOTABLE = 256 << 10;
/** More than this for each goroutine there is not stacks, but another GOGC for a time. */
const MOST_EACH = 256 << 10;
/** Fewer goroutines than this say nothing of what others would have. */
const ENOUGH = 16;
const FIRST_VERSION = 18;

interface Scan {
  readonly marked: number;
  goal: number;
  /** Goroutines alive at once during the mark, at most. */
  readonly goroutines: number;
}

export class ScannedStacks {
  readonly #scans: Scan[] = [];
  #bytes: number[] = [];
  #live = Number.NaN;
  #alive = 0;
  #most = 0;

  add({ kind, size, length }: EventBatch): void {
    for (let i = 0; i < length; i++) {
      switch (kind[i]) {
        case HEAP_LIVE:
          this.#live = size[i]!;
          break;
        case GO_CREATE:
          this.#alive += size[i]!;
          this.#most = Math.max(this.#most, this.#alive);
          break;
        case GO_END:
          this.#alive = Math.max(0, this.#alive - size[i]!);
          break;
        case GC_START:
          this.#most = this.#alive;
          break;
        case GC_MARK_TERMINATION:
          this.#scans.push({ marked: this.#live, goal: Number.NaN, goroutines: this.#most });
          break;
        case HEAP_GOAL: {
          const last = this.#scans.at(-1);
          if (last && Number.isNaN(last.goal)) last.goal = size[i]!;
          break;
        }
      }
    }
  }

  /** Call after the last batch. `minor`: the oldest Go 1.x that may have written the recording. */
  finish(minor: number): void {
    const { gogc } = settingsFromGoals(this.#scans, minor);
    if (minor < FIRST_VERSION || gogc === null || !Number.isFinite(gogc)) return;
    const smallest = (HEAP_MINIMUM * gogc) / 100;
    const roots = this.#scans.map(({ marked, goal }) =>
      goal > smallest ? ((goal - marked) * 100) / gogc - marked : Number.NaN,
    );
    let globals = Number.POSITIVE_INFINITY;
    for (const bytes of roots) if (bytes < globals) globals = bytes;
    this.#bytes = roots.map((all, i) => {
      const bytes = all - globals;
      return bytes >= NOTABLE && bytes <= this.#scans[i]!.goroutines * MOST_EACH ? bytes : 0;
    });
  }

  /** Bytes of deep stacks that the GC of this number scanned, counted from 1; 0 where it shows none. */
  at(gc: number): number {
    return this.#bytes[gc - 1] ?? 0;
  }

  /** The largest of them all. */
  get most(): number {
    return this.#bytes.reduce((most, bytes) => Math.max(most, bytes), 0);
  }

  /** Bytes for each goroutine that was there, in the GC that found most. */
  get perGoroutine(): number {
    return this.#bytes.reduce((most, bytes, i) => {
      const { goroutines } = this.#scans[i]!;
      return goroutines < ENOUGH ? most : Math.max(most, bytes / goroutines);
    }, 0);
  }
}
