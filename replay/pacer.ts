/**
 * When the next GC starts: heap goal and trigger of Go 1.19-1.27 (mgcpacer.go: commit, heapGoalInternal,
 * memoryLimitHeapGoal, trigger), and of 1.18 and before by their own bounds. All in bytes.
 */

export const HEAP_MINIMUM = 4 << 20;
const SWEEP_MIN_HEAP_DISTANCE = 1 << 20;
const MIN_RUNWAY = 64 << 10;
const TRIGGER_RATIO_DEN = 64;
const MIN_TRIGGER_RATIO_NUM = 45;
const MAX_TRIGGER_RATIO_NUM = 61;
const LIMIT_HEADROOM_PERCENT = 3;
const LIMIT_MIN_HEADROOM = 1 << 20;

export interface PacerSettings {
  /** GOGC in per cent; Infinity for off. */
  readonly gogc: number;
  /** GOMEMLIMIT; Infinity for none. */
  readonly memoryLimit: number;
  /** Minor version of Go 1.x whose rules hold. */
  readonly minor: number;
}

/** What the limit-based goal reads of the process at that moment. */
export interface MemoryNow {
  readonly mappedReady: number;
  readonly heapFree: number;
  readonly heapAlloc: number;
}

export class Pacer {
  readonly settings: PacerSettings;
  /** Bytes marked by the last GC. */
  marked = 0;
  /** Scannable stacks and globals as of the last GC (1.18+ counts them in the goal). */
  roots = 0;
  /** Bytes that the GC is expected to need before the goal; see `learnRunway`. */
  runway = 0;
  /** gcController.triggered: live heap at which the running cycle was triggered; Infinity outside a cycle. */
  triggered = Number.POSITIVE_INFINITY;
  #percentGoal = 0;
  #sweepMinTrigger = 0;

  constructor(settings: PacerSettings) {
    this.settings = settings;
    this.#percentGoal = this.heapMinimum;
  }

  get heapMinimum(): number {
    return Number.isFinite(this.settings.gogc)
      ? Math.trunc((HEAP_MINIMUM * this.settings.gogc) / 100)
      : Number.POSITIVE_INFINITY;
  }

  /** gcControllerState.commit, at mark termination (live = bytes marked plus what was allocated since) or a change of settings. */
  commit(live: number, sweepDone: boolean): void {
    const { gogc, minor } = this.settings;
    this.#sweepMinTrigger = sweepDone ? 0 : live + SWEEP_MIN_HEAP_DISTANCE;
    if (!Number.isFinite(gogc)) {
      this.#percentGoal = Number.POSITIVE_INFINITY;
      return;
    }
    const roots = minor >= 18 ? this.roots : 0;
    const goal = this.marked + Math.trunc(((this.marked + roots) * gogc) / 100);
    this.#percentGoal = Math.max(goal, this.heapMinimum);
  }

  /** The heap goal now. The limit's part moves with memory, so it is computed when read. */
  goal(memory: MemoryNow): number {
    return this.#goalAndMinTrigger(memory)[0];
  }

  #goalAndMinTrigger(memory: MemoryNow): [goal: number, minTrigger: number] {
    const limitGoal = this.limitGoal(memory);
    if (limitGoal < this.#percentGoal) return [limitGoal, 0];
    let goal = Math.max(this.#percentGoal, this.#sweepMinTrigger);
    if (Number.isFinite(this.triggered) && goal < this.triggered + MIN_RUNWAY) goal = this.triggered + MIN_RUNWAY;
    return [goal, this.#sweepMinTrigger];
  }

  /** gcControllerState.memoryLimitHeapGoal (1.19+). */
  limitGoal({ mappedReady, heapFree, heapAlloc }: MemoryNow): number {
    const { memoryLimit, minor } = this.settings;
    if (!Number.isFinite(memoryLimit) || minor < 19) return Number.POSITIVE_INFINITY;
    const nonHeap = Math.max(0, mappedReady - heapFree - heapAlloc);
    const overage = Math.max(0, mappedReady - memoryLimit);
    if (nonHeap + overage >= memoryLimit) return this.marked;
    let goal = memoryLimit - (nonHeap + overage);
    const headroom =
      minor >= 21 ? Math.max(Math.trunc(goal / 100) * LIMIT_HEADROOM_PERCENT, LIMIT_MIN_HEADROOM) : LIMIT_MIN_HEADROOM;
    goal = goal < headroom || goal - headroom < headroom ? headroom : goal - headroom;
    return Math.max(goal, this.marked);
  }

  /** Live heap at which the next GC starts. */
  trigger(memory: MemoryNow): number {
    const [goal, sweepMin] = this.#goalAndMinTrigger(memory);
    if (!Number.isFinite(goal)) return Number.POSITIVE_INFINITY;
    const { marked } = this;
    if (marked >= goal) return goal;
    if (this.settings.minor < 19) return this.#triggerBefore119(goal, sweepMin);
    const part = Math.trunc((goal - marked) / TRIGGER_RATIO_DEN);
    const low = Math.max(sweepMin, marked, part * MIN_TRIGGER_RATIO_NUM + marked);
    let high = part * MAX_TRIGGER_RATIO_NUM + marked;
    if (goal > HEAP_MINIMUM && goal - HEAP_MINIMUM > high) high = goal - HEAP_MINIMUM;
    high = Math.max(high, low);
    const wanted = this.runway > goal ? low : goal - this.runway;
    return Math.min(Math.max(wanted, low), high);
  }

  /** 1.18: lower bound 0.7; 1.14-1.17: 0.6, the limit put on the feedback of fast allocation; before: none. Upper bound 0.95. */
  #triggerBefore119(goal: number, sweepMin: number): number {
    const { marked } = this;
    const { minor } = this.settings;
    const lowRatio = minor >= 18 ? 0.7 : minor >= 14 ? 0.6 : 0;
    const low = Math.max(this.heapMinimum, sweepMin, marked + lowRatio * (goal - marked));
    const high = Math.max(low, marked + 0.95 * (goal - marked));
    return Math.trunc(Math.min(Math.max(goal - this.runway, low), high));
  }
}
