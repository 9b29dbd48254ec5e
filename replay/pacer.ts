/**
 * When the next GC starts: heap goal and trigger of Go 1.19-1.27 (mgcpacer.go: commit, heapGoalInternal,
 * memoryLimitHeapGoal, trigger), and of 1.18 and before by their own bounds. All in bytes.
 */

export const HEAP_MINIMUM = 4 << 20;
/** gcBackgroundUtilization: share of CPU that workers take while the GC marks (mgcpacer.go; mgc.go up to 1.17). */
export const BACKGROUND_UTILIZATION = 0.25;
const SWEEP_MIN_HEAP_DISTANCE = 1 << 20;
const MIN_RUNWAY = 64 << 10;
const TRIGGER_RATIO_DEN = 64;
const MIN_TRIGGER_RATIO_NUM = 45;
const MAX_TRIGGER_RATIO_NUM = 61;
/** mgcpacer.go:revise: how far over its goal a heap may go (maxOvershoot). */
const MAX_OVERSHOOT = 1.1;
const OFF_AS_GOGC = 100_000;
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
  /** 1.18+: bytes that are expected to be allocated while the GC marks (see runway.ts). */
  runway = 0;
  /** 1.11-1.17: memstats.triggerRatio. */
  triggerRatio = 7 / 8;
  /** gcController.triggered: live heap at which the running cycle was triggered; Infinity outside a cycle. */
  triggered = Number.POSITIVE_INFINITY;
  #percentGoal = 0;
  #sweepMinTrigger = 0;

  constructor(settings: PacerSettings) {
    this.settings = settings;
    this.#percentGoal = this.heapMinimum;
    if (settings.minor <= 17 && Number.isFinite(this.heapMinimum)) {
      // gcinit: as if a heap had been marked whose trigger is the minimum.
      this.marked = Math.trunc(this.heapMinimum / (1 + this.triggerRatio));
      this.#percentGoal = this.marked + Math.trunc((this.marked * settings.gogc) / 100);
    }
  }

  get heapMinimum(): number {
    return Number.isFinite(this.settings.gogc)
      ? Math.trunc((HEAP_MINIMUM * this.settings.gogc) / 100)
      : Number.POSITIVE_INFINITY;
  }

  /** gcControllerState.commit, at mark termination (live = bytes marked plus what was allocated since) or a change of settings. */
  commit(live: number, sweepDone: boolean): void {
    const { gogc, minor } = this.settings;
    // 1.11 and 1.12 scale the distance by GOGC.
    const distance =
      minor <= 12 && Number.isFinite(gogc) ? (SWEEP_MIN_HEAP_DISTANCE * gogc) / 100 : SWEEP_MIN_HEAP_DISTANCE;
    this.#sweepMinTrigger = sweepDone ? 0 : live + distance;
    if (!Number.isFinite(gogc)) {
      this.#percentGoal = Number.POSITIVE_INFINITY;
      return;
    }
    const roots = minor >= 18 ? this.roots : 0;
    const goal = this.marked + Math.trunc(((this.marked + roots) * gogc) / 100);
    this.#percentGoal = minor <= 17 ? goal : Math.max(goal, this.heapMinimum);
  }

  /** The heap goal now. The limit's part moves with memory, so it is computed when read. */
  goal(memory: MemoryNow): number {
    return this.#goalAndMinTrigger(memory)[0];
  }

  #goalAndMinTrigger(memory: MemoryNow): [goal: number, minTrigger: number] {
    if (this.settings.minor <= 18) {
      const goal = this.#percentGoal;
      return [Number.isFinite(goal) ? Math.max(goal, this.#triggerBefore119(goal, this.#sweepMinTrigger)) : goal, 0];
    }
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
    if (this.settings.minor <= 18) return this.#triggerBefore119(this.#percentGoal, this.#sweepMinTrigger);
    return this.triggerFor(goal, sweepMin);
  }

  /** 1.19+: where between the marked heap and a goal the GC starts. */
  triggerFor(goal: number, sweepMin = 0): number {
    const { marked } = this;
    if (marked >= goal) return goal;
    const part = Math.trunc((goal - marked) / TRIGGER_RATIO_DEN);
    const low = Math.max(sweepMin, marked, part * MIN_TRIGGER_RATIO_NUM + marked);
    let high = part * MAX_TRIGGER_RATIO_NUM + marked;
    if (goal > HEAP_MINIMUM && goal - HEAP_MINIMUM > high) high = goal - HEAP_MINIMUM;
    high = Math.max(high, low);
    const wanted = this.runway > goal ? low : goal - this.runway;
    return Math.min(Math.max(wanted, low), high);
  }

  /**
   * 1.11-1.17 by ratio (mgc.go:gcSetTriggerRatio), the lower bound of which limits the feedback of fast allocation from 1.14 on;
   * 1.18 by runway (mgcpacer.go:commit).
   */
  #triggerBefore119(goal: number, sweepMin: number): number {
    const { marked } = this;
    const { minor } = this.settings;
    if (minor <= 17) {
      const most = (0.95 * this.settings.gogc) / 100;
      return Math.trunc(Math.max(marked * (1 + Math.min(this.triggerRatio, most)), this.heapMinimum, sweepMin));
    }
    const low = Math.max(this.heapMinimum, sweepMin, marked + 0.7 * (goal - marked));
    const high = Math.max(low, marked + Math.max(0.95 * (goal - marked), goal - this.heapMinimum - marked));
    return Math.trunc(Math.min(Math.max(goal - this.runway, low), high));
  }

  /**
   * Live heap at which assists have the running cycle done: the goal, or beyond it as far as there is more to mark than the last
   * cycle had (mgcpacer.go:revise), within bounds. `overshoot` is how far over its goal the recorded program went.
   */
  assistedEnd(memory: MemoryNow, reachable: number, overshoot: number): number {
    const goal = this.goal(memory);
    if (!Number.isFinite(goal) || !Number.isFinite(this.triggered)) return Number.POSITIVE_INFINITY;
    const { gogc, minor } = this.settings;
    // With GOGC=off the bound counts as GOGC=100000.
    const hard = minor >= 18 ? goal * (1 + Math.min(gogc, OFF_AS_GOGC) / 100) : goal * MAX_OVERSHOOT;
    const more = this.marked > 0 ? Math.max(1, reachable / this.marked) : 1;
    const soft = Math.min(hard, this.triggered + (goal - this.triggered) * more);
    // Past its goal from the beginning, as under a limit that is too low: the heap is given some more room.
    if (minor >= 18 && this.triggered >= soft) return Math.max(this.triggered + MIN_RUNWAY, goal * MAX_OVERSHOOT);
    return Math.max(this.triggered + MIN_RUNWAY, soft * overshoot);
  }
}
