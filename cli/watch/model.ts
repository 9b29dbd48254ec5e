import type { ObservationName } from "../../parsers/events.ts";
import { type GcLine, parseGctraceLine } from "../../parsers/gctrace-line.ts";
import { parseScavLine, type ScavLine } from "../../parsers/scavtrace.ts";
import type { Ahead } from "../../replay/ahead.ts";
import { slope, Window } from "./window.ts";

/** Budgets that are watched, in bytes (gc-cpu: a fraction). */
export type BudgetName = "rss" | "live" | "goal" | "gc-cpu";
export interface Budget {
  readonly name: BudgetName;
  readonly limit: number;
}

export interface Alert {
  readonly ms: number;
  readonly budget: Budget;
  readonly value: number;
  /** The value is where RSS is predicted to go, not what it is. */
  readonly predicted: boolean;
  /** False when the figure is back within its budget. */
  readonly broken: boolean;
}

/**
 * What RSS goes beyond the heap: the binary's touched pages, metadata and threads. 3 to 9 MB in every program that was
 * measured for this project; the middle.
 */
const BASELINE = 6 << 20;
/** What the background scavenger leaves free above its goal (mgcscavenge.go: retainExtraPercent = 10, Go 1.13 to 1.27). */
const RETAIN = 1.1;
/** The runtime starts a GC at least every two minutes (proc.go: forcegcperiod); after that it is silence. */
const SILENCE_MS = 150_000;
/** Lines of the log that a forecast may be made from. */
const RECENT_LINES = 400;
/** A budget that was broken is whole again below this share of it: no alert for every wobble. */
const RELIEF = 0.97;

/** Everything that is known of the watched process right now. Its size never depends on how long it has run. */
export class WatchModel {
  readonly window: Window;
  readonly budgets: readonly Budget[];
  gc: GcLine | null = null;
  scav: ScavLine | null = null;
  rss = Number.NaN;
  released = Number.NaN;
  restarts = 0;
  gcs = 0;
  lines = 0;
  firstMs = Number.NaN;
  lastMs = Number.NaN;
  anyBroken = false;
  /** Where RSS goes by a replay of the last lines; null while there is none. */
  forecast: Ahead | null = null;
  /** GC lines of this process, the last ones. */
  recent: string[] = [];
  readonly #broken = new Set<BudgetName>();
  readonly #onAlert: (alert: Alert) => void;
  readonly #onRestart: (ms: number) => void;
  #cycles = Number.NaN;
  #observed: ReadonlyMap<ObservationName, number> | null = null;

  constructor(
    seconds: number,
    budgets: readonly Budget[] = [],
    onAlert: (alert: Alert) => void = () => {},
    onRestart: (ms: number) => void = () => {},
  ) {
    this.window = new Window(seconds);
    this.budgets = budgets;
    this.#onAlert = onAlert;
    this.#onRestart = onRestart;
  }

  /** A line of the log that came at `ms` (since the epoch). */
  line(text: string, ms: number): void {
    this.lines++;
    const gc = parseGctraceLine(text);
    if (gc) {
      this.#addGc(gc, ms);
      this.recent.push(text);
      if (this.recent.length > RECENT_LINES) this.recent.splice(0, RECENT_LINES / 4);
      return;
    }
    const scav = parseScavLine(text);
    if (!scav) return;
    this.#heard(ms);
    this.scav = scav;
    if (scav.released !== null) this.#measure("released", scav.released, ms);
  }

  /** Measured figures of one moment (a scraped page). */
  observe(values: ReadonlyMap<ObservationName, number>, ms: number): void {
    this.#heard(ms);
    const cycles = values.get("num_gc");
    if (cycles !== undefined) {
      if (cycles < this.#cycles) this.#restarted(ms);
      else if (cycles > this.#cycles) this.#countGcs(cycles - this.#cycles, ms);
      this.#cycles = cycles;
    }
    this.#observed = values;
    const live = values.get("heap_alloc") ?? values.get("heap_live");
    if (live !== undefined) this.#figure("live", live, ms);
    const goal = values.get("next_gc");
    if (goal !== undefined) this.#figure("goal", goal, ms);
    const rss = values.get("rss");
    if (rss !== undefined) this.#measure("rss", rss, ms);
    else {
      // What RSS must be by MemStats; see BASELINE.
      const parts = ["heap_inuse", "heap_idle", "stack_inuse"] as const;
      const released = values.get("heap_released");
      if (released !== undefined && parts.every((part) => values.has(part))) {
        const heap = parts.reduce((sum, part) => sum + values.get(part)!, 0);
        this.#measure("rss", heap - released + BASELINE, ms);
      }
    }
    const released = values.get("heap_released");
    if (released !== undefined) this.#measure("released", released, ms);
  }

  #addGc(gc: GcLine, ms: number): void {
    this.#heard(ms);
    // A new process counts its cycles and its time from the beginning.
    if (this.gc && (gc.cycle <= this.gc.cycle || gc.at + 1e9 < this.gc.at)) this.#restarted(ms);
    this.gc = gc;
    this.#countGcs(1, ms);
    this.window.add(ms, "marked", gc.heapMarked);
    this.#figure("live", Math.max(gc.heapStart, gc.heapEnd), ms);
    this.#figure("goal", gc.goal, ms);
    this.window.add(ms, "gcCpu", gc.utilization / 100);
    this.#check("gc-cpu", gc.utilization / 100, ms);
    this.#checkAhead(ms);
  }

  /** A replay of the last lines says where RSS goes. */
  foresee(ahead: Ahead | null, ms: number): void {
    this.forecast = ahead;
    this.#checkAhead(ms);
  }

  /** Where nothing measures RSS, its budget is held against where it goes. */
  #checkAhead(ms: number): void {
    if (Number.isNaN(this.rss)) this.#check("rss", this.ahead, ms, true);
  }

  #restarted(ms: number): void {
    this.restarts++;
    this.gc = null;
    this.scav = null;
    this.released = Number.NaN;
    this.#cycles = Number.NaN;
    this.forecast = null;
    this.recent = [];
    this.#onRestart(ms);
  }

  #countGcs(count: number, ms: number): void {
    if (!(count > 0)) return;
    this.gcs += count;
    this.window.add(ms, "gcs", count);
  }

  #heard(ms: number): void {
    if (Number.isNaN(this.firstMs)) this.firstMs = ms;
    this.lastMs = ms;
  }

  #measure(figure: "rss" | "released", value: number, ms: number): void {
    this[figure] = value;
    this.window.add(ms, figure, value);
    if (figure === "rss") this.#check("rss", value, ms);
  }

  #figure(figure: "live" | "goal", value: number, ms: number): void {
    this.window.add(ms, figure, value);
    this.#check(figure, value, ms);
  }

  #check(name: BudgetName, value: number, ms: number, predicted = false): void {
    for (const budget of this.budgets) {
      if (budget.name !== name || Number.isNaN(value)) continue;
      const was = this.#broken.has(name);
      if (!was && value > budget.limit) {
        this.#broken.add(name);
        this.anyBroken = true;
        this.#onAlert({ ms, budget, value, predicted, broken: true });
      } else if (was && value <= budget.limit * RELIEF) {
        this.#broken.delete(name);
        this.#onAlert({ ms, budget, value, predicted, broken: false });
      }
    }
  }

  isBroken(name: BudgetName): boolean {
    return this.#broken.has(name);
  }

  /**
   * Where RSS goes while the load stays: by replaying the last lines again, or until that is done the next goal with what the
   * scavenger leaves, stacks, and what is no heap. From measured pages: what is allocated until the next GC takes up the
   * pages that are free and backed, and new ones for the rest.
   */
  get ahead(): number {
    if (this.forecast) return this.forecast.peak;
    const { gc } = this;
    if (gc) return Math.max(gc.goal, gc.heapEnd) * RETAIN + (gc.stacks ?? 0) + BASELINE;
    const [goal, live, idle, released] = (["next_gc", "heap_alloc", "heap_idle", "heap_released"] as const).map(
      (name) => this.#observed?.get(name) ?? Number.NaN,
    ) as [number, number, number, number];
    return this.rss + Math.max(0, goal - live - Math.max(0, idle - released));
  }

  /** Bytes a second that the marked heap has grown over the window; NaN while there is too little to tell. */
  growth(ms: number): number {
    const marked = this.window.values("marked", ms);
    return slope(marked.t.length >= 3 ? marked : this.window.values("live", ms)) * 1000;
  }

  /** How long nothing has come, ms, once that is more than a quiet program explains; else 0. */
  silence(ms: number): number {
    const quiet = ms - this.lastMs;
    return quiet > SILENCE_MS ? quiet : 0;
  }
}
