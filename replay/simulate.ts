/**
 * Runs a recorded program under other settings: its allocations are given, deaths are known as far as program.ts says, and
 * everything else (when GCs run, which spans and pages are taken, what goes back to the OS) follows from the settings.
 */
import { ObjectHeap, type SpanLayout } from "../allocator/central.ts";
import { KHUGEPAGED_PERIOD, OsPages, type ThpMode } from "../allocator/os-pages.ts";
import { osRulesFor } from "../allocator/os-rules.ts";
import type { Era, HeapConfig, PageHeap } from "../allocator/types.ts";
import { MarkAssist } from "./assist.ts";
import { type Background, type BackgroundWorld, heapRetained, mappedReady } from "./background/background.ts";
import { CpuLimiter } from "./cpu-limiter.ts";
import type { Deaths } from "./death-tables.ts";
import { firstAfter } from "./deaths.ts";
import { rulesOf } from "./era-rules.ts";
import { Flow } from "./flow.ts";
import { LazyPages, lazyFrees } from "./lazy-pages.ts";
import type { GcCost, Learned } from "./learned.ts";
import { Metadata } from "./metadata-by-version.ts";
import { type MemoryNow, Pacer } from "./pacer.ts";
import { Preemption } from "./preemption.ts";
import type { Program } from "./program.ts";
import { COL, type Recorder } from "./recorder.ts";
import type { GcRow } from "./result.ts";
import { exactRetainedGoal, gcPercentGoal, memoryLimitGoal } from "./retained-goal.ts";
import { MAPPED_PER_SPAN } from "./runtime-memory.ts";
import { ConsMark, RUNWAY_PER_CONS_MARK, TriggerRatio } from "./runway.ts";
import { emptyRow } from "./timeline.ts";

/** Page of the recorded runtime, by which a program counts the pages of its manual spans. Bytes. */
const RECORDED_PAGE = 8192;
/** sysmon forces a GC when none ran for two minutes (proc.go:forcegcperiod), unless GOGC is off. ns. */
const FORCED_GC_PERIOD = 120e9;
/** proc.go:sysmon: for how long it sleeps at most where no P has work, ns. */
const SYSMON_MAX_SLEEP = FORCED_GC_PERIOD / 2;
/** A program that allocates nothing for so long has gone to sleep, ns. */
const IDLE_GAP = 1e6;
/** A P that has been at work for so long is at work since who knows when, ns. */
const LONG_AWAKE = 60e6;
/** mgcpacer.go: share of a P that a fractional worker takes, and at which it yields (gcBackgroundUtilization * 1.2). */
const FRACTIONAL_LIMIT = 0.3;
/** Cycles that follow each other at once before they count as back to back: a burst alone brings some. */
const MANY_IN_A_ROW = 10;
/** Objects between two looks at the clock of the scavenger and the sweeper. */
const CLOCK_STRIDE = 64;

export interface SimulationOptions {
  readonly era: Era;
  /** Minor version of Go whose pacer and objects' layout hold. */
  readonly minor: number;
  readonly heap: HeapConfig;
  readonly layout: SpanLayout;
  /** Slot sizes that the program's span classes refer to. */
  readonly recordedSlots: ArrayLike<number>;
  readonly gogc: number;
  readonly memoryLimit: number;
  readonly learned: Learned;
  readonly background: (world: BackgroundWorld) => Background;
  readonly recorder: Recorder;
  readonly baseline: number;
  /** Of what is chance: with one P, when a goroutine that does not block gives it up to the mark worker. */
  readonly seed: number;
  /** How fast the program allocates while the GC marks, against what the recording shows: the tracer slowed it down. */
  readonly pace: number;
  /** ns for which a mark holds the program up, for each ns by which it goes on meanwhile: its times do not have that. */
  readonly heldUp: number;
  /** Transparent huge pages of the system; null leaves them out. */
  readonly thp: ThpMode | null;
  /** debug.FreeOSMemory called every so many ns; Infinity: never, but where the recording did. */
  readonly freeOsMemoryEvery: number;
}

/** What a simulated run came to, beside its recorder. */
export interface SimulationOutcome {
  readonly gcs: number;
  readonly forcedGcs: number;
  /** ns of CPU that the GC took: marking in the background, assists, all Ps while the world was stopped. */
  readonly gcCpu: GcCost;
  /** ns for which GCs came back to back: ten cycles and more that marked for most of the time. */
  readonly backToBackNs: number;
  /** ns for which the CPU limiter held the GC back. */
  readonly limitedNs: number;
  /** Largest live heap at mark termination. */
  readonly peakMarked: number;
  readonly heap: PageHeap;
  /** Each cycle, in order. */
  readonly cycles: GcRow[];
  readonly endTime: number;
}

export class Simulation {
  readonly #program: Program;
  readonly #options: SimulationOptions;
  readonly #heap: PageHeap;
  readonly #objects: ObjectHeap;
  readonly #pacer: Pacer;
  readonly #background: Background;
  readonly #world: BackgroundWorld;
  readonly #rules: ReturnType<typeof rulesOf>;
  readonly #row = emptyRow();
  readonly #metadata: Metadata;
  readonly #lazy: LazyPages | null;
  readonly #os: OsPages | null;
  #nextScan = Number.POSITIVE_INFINITY;
  /** When #advance has something to do; it sets that itself, and whatever changes it meanwhile has it look at once. */
  #due = Number.NEGATIVE_INFINITY;
  /** When the program last did something, and when it goes on. */
  #active = 0;
  #goesOn = 0;
  readonly #manualBase = new Map<number, number>();
  readonly #scannable: number;
  readonly #deaths: Deaths | Flow;
  readonly #flow: Flow | null;
  /** Live heap less bytes allocated, for a program known by its totals. */
  #flowBase = 0;
  #now = 0;
  readonly #feedback: ConsMark | TriggerRatio;
  #forcedCycle = false;
  /** Object that is being allocated. */
  #at = 0;
  /** Live heap at which assists have the running cycle done. */
  #assistedEnd = Number.POSITIVE_INFINITY;
  #gcs = 0;
  #forced = 0;
  #backToBackNs = 0;
  /** Cycles in a row without a pause between them, and when the first of them began. */
  #inARow = 0;
  #rowStart = 0;
  readonly #cpu = { mark: 0, assist: 0, stopped: 0 };
  readonly #limiter: CpuLimiter;
  /** CPU time that the running cycle takes, ns. */
  #cycleCost = 0;
  /** Of that, marking in the background. */
  #cycleMark = 0;
  #peakMarked = 0;
  #marking = false;
  #markStart = 0;
  #markEnd = Number.POSITIVE_INFINITY;
  #lastGcEnd = 0;
  /** ns for which marks held the program up so far: by how much a clock on the wall is ahead of the program's. */
  #heldUp = 0;
  /** Wall time of the last mark. */
  #marked = 0;
  #sweepFrom = 0;
  #swept = 0;
  #sweepDoneTold = true;
  #lastGoal = 0;
  #freesOsMemory = false;
  #peakSpans = 0;
  #dirty = false;
  readonly #cycles: GcRow[] = [];
  /** With one P: how far assists have come with the running mark. */
  #assist: MarkAssist | null = null;
  /** CPU time of all of the running mark, and what its background worker has had of it, ns. */
  #markCost = 0;
  /** Scan work of the last mark, bytes. */
  #lastScan = 0;
  /** Share of the running mark's work that a worker did while the program slept, 0..1. */
  #idleShare = 0;
  readonly #preemption: Preemption;
  #workerRan = 0;

  constructor(program: Program, deaths: Deaths, options: SimulationOptions) {
    this.#program = program;
    this.#options = options;
    this.#flow = program.flow ? new Flow(program.flow) : null;
    this.#deaths = this.#flow ?? deaths;
    this.#heap = options.era.create(options.heap);
    this.#heap.memoryLimit = options.memoryLimit;
    this.#heap.nonHeapMapped = options.learned.nonHeapMapped;
    const deadAt = this.#flow ? withFiller(program.deadAt) : program.deadAt;
    this.#objects = new ObjectHeap(this.#heap, options.layout, deadAt, options.heap.procs);
    this.#pacer = new Pacer({ gogc: options.gogc, memoryLimit: options.memoryLimit, minor: options.minor });
    this.#pacer.roots = options.learned.roots;
    this.#feedback = options.minor <= 17 ? new TriggerRatio(options.gogc, options.minor) : new ConsMark(options.minor);
    this.#world = {
      heap: this.#heap,
      procs: options.heap.procs,
      returnCalls: 0,
      sysmonLooks: (due) => this.#wall(this.#sysmonLooks(due - this.#heldUp)),
    };
    this.#lazy = lazyFrees(options.minor, options.heap.goos) ? new LazyPages(this.#heap.config.pageSize) : null;
    this.#os = osPagesOf(options, this.#heap);
    if (this.#os && this.#os.config.thp !== "never") this.#nextScan = KHUGEPAGED_PERIOD;
    const { pageSize } = this.#heap.config;
    this.#heap.onReleased = (base, pages) => {
      this.#world.returnCalls++;
      this.#lazy?.released(base, pages);
      this.#os?.release(base, pages * pageSize);
    };
    const lazy = this.#lazy;
    const os = this.#os;
    if (lazy || os) {
      // Pages taken again are in use: they count there.
      const allocSpan = this.#heap.allocSpan.bind(this.#heap);
      this.#heap.allocSpan = (pages, p, manual) => {
        const base = allocSpan(pages, p, manual);
        if (base === 0) return base;
        lazy?.used(base, pages);
        os?.use(base, pages * pageSize);
        os?.touch(base, pages * pageSize);
        return base;
      };
    }
    if (os) {
      const freeSpan = this.#heap.freeSpan.bind(this.#heap);
      this.#heap.freeSpan = (base, pages, manual) => {
        freeSpan(base, pages, manual);
        os.free(base, pages * pageSize);
      };
    }
    this.#background = options.background(this.#world);
    this.#scannable = scannableShare(program);
    this.#limiter = new CpuLimiter(options.heap.procs);
    this.#preemption = new Preemption(options.minor, options.seed, options.pace);
    this.#rules = rulesOf(options.era);
    this.#metadata = new Metadata(options.minor);
  }

  run(): SimulationOutcome {
    const program = this.#program;
    const { time, spanClass, size, p } = program;
    const { manual } = program;
    const { procs } = this.#options.heap;
    const { pageSize } = this.#heap.config;
    const classes = this.#classes();
    const forced = program.cycles.filter(({ forced }) => forced);
    let nextForced = 0;
    let nextManual = 0;
    let nextFree = this.#options.freeOsMemoryEvery;
    // GCs that the program asked for come at their own time, which may be long before the next object.
    const forceUntil = (t: number) => {
      while (nextForced < forced.length && forced[nextForced]!.start <= t) {
        const { start, freesOsMemory } = forced[nextForced++]!;
        if (this.#flow) this.#collectUntil(start, this.#flow);
        this.#force(Math.max(start, 0), freesOsMemory);
      }
      while (t >= nextFree) {
        this.#force(nextFree, true);
        nextFree += this.#options.freeOsMemoryEvery;
      }
    };
    for (let i = 0; i < program.objects; i++) {
      const t = time[i]!;
      this.#at = i;
      forceUntil(t);
      if (this.#flow) this.#collectUntil(t, this.#flow);
      if (i % CLOCK_STRIDE === 0 || t >= this.#due) this.#advance(t);
      while (nextManual < manual.time.length && manual.time[nextManual]! <= t) this.#manual(nextManual++);
      const who = p[i]! >= 0 ? p[i]! % procs : 0;
      if (this.#flow) {
        this.#now = t;
        this.#fill(who);
        if (!this.#needsSpan(this.#flow)) continue;
      }
      const cls = classes[spanClass[i]!]!;
      if (cls < 2) {
        this.#objects.allocLarge(i, Math.ceil(size[i]! / pageSize), cls === 1, who);
        this.#afterRefill(t);
      } else if (this.#objects.alloc(i, cls, who)) this.#afterRefill(t);
    }
    this.#at = program.objects;
    forceUntil(program.end);
    while (nextManual < manual.time.length) {
      if (this.#flow) this.#collectUntil(manual.time[nextManual]!, this.#flow);
      this.#advance(manual.time[nextManual]!);
      this.#manual(nextManual++);
    }
    // Free slots go on being used up after the last span that the recording took.
    if (this.#flow) this.#collectUntil(program.end, this.#flow);
    this.#advance(program.end);
    this.#dirty = true;
    this.#record(program.end);
    this.#countInARow(Number.POSITIVE_INFINITY, false);
    return {
      gcs: this.#gcs,
      forcedGcs: this.#forced,
      gcCpu: this.#cpu,
      backToBackNs: this.#backToBackNs,
      limitedNs: this.#limiter.limitedNs,
      peakMarked: this.#peakMarked,
      heap: this.#heap,
      cycles: this.#cycles,
      endTime: this.#wall(program.end),
    };
  }

  /** Time on the wall at the program's time `t`, ns. */
  #wall(t: number): number {
    return t + this.#heldUp;
  }

  /** Span classes of the program's own version as those of the simulated one: the class of a slot's size. */
  #classes(): Uint8Array {
    const { recordedSlots, layout } = this.#options;
    const out = new Uint8Array(recordedSlots.length * 2);
    out[1] = 1;
    for (let cls = 1; cls < recordedSlots.length; cls++) {
      let as = 1;
      while (as < layout.slotSize.length - 1 && layout.slotSize[as]! < recordedSlots[cls]!) as++;
      out[cls << 1] = as << 1;
      out[(cls << 1) | 1] = (as << 1) | 1;
    }
    return out;
  }

  #memory(): MemoryNow {
    return {
      mappedReady: mappedReady(this.#heap),
      heapFree: this.#heap.stats.freeBacked,
      // Where whole spans stand for objects, the slots that are free in them are not told.
      heapAlloc: this.#flow ? this.#objects.allocated * (1 - this.#flow.slack) : this.#objects.allocated,
    };
  }

  /** gcController.heapLive: by spans and slots where objects are known, by the recording's totals where not. */
  #live(): number {
    return this.#flow ? this.#flowBase + this.#flow.allocatedAt(this.#now) : this.#objects.live;
  }

  /** The GCs that come before `t` while free slots are used up: between two spans that the recording took. */
  #collectUntil(t: number, flow: Flow): void {
    // With one P marks go on span by span.
    while (this.#assist === null) {
      const bound = this.#marking ? this.#assistedEnd : this.#pacer.trigger(this.#memory());
      const at = Math.max(this.#now, flow.timeOf(bound - this.#flowBase));
      if (this.#marking && this.#markEnd <= Math.min(at, t)) {
        this.#advance(this.#markEnd);
        continue;
      }
      if (at > t) return;
      this.#advance(at);
      this.#now = at;
      this.#fill(0);
      if (this.#marking) this.#endMark(at);
      else this.#startGc(at);
    }
  }

  /**
   * Whole spans stand for objects: those that the recording took. Under another GOGC free slots are used again sooner or later:
   * where the live heap is more than there are spans for, more are taken, until the next sweep.
   */
  #fill(p: number): void {
    const { pageSize } = this.#heap.config;
    const missing = this.#live() - this.#objects.allocated;
    if (missing < FILLER_PAGES * pageSize) return;
    for (let n = Math.floor(missing / (FILLER_PAGES * pageSize)); n > 0; n--) {
      this.#objects.allocLarge(this.#program.objects, FILLER_PAGES, true, p);
    }
    this.#dirty = true;
  }

  /** Where spans have more free slots than the program leaves in them, it needs no new one. */
  #needsSpan({ slack }: Flow): boolean {
    return this.#gcs === 0 || this.#objects.allocated * (1 - slack) <= this.#live();
  }

  #afterRefill(t: number): void {
    this.#now = t;
    this.#dirty = true;
    if (this.#marking) {
      if (this.#assist ? this.#assist.grown(this.#live()) : this.#live() >= this.#assistedEnd) this.#endMark(t);
    } else if (!this.#flow && this.#live() >= this.#pacer.trigger(this.#memory())) this.#startGc(t);
    this.#record(t);
  }

  #force(t: number, freesOsMemory: boolean): void {
    this.#advance(t);
    if (this.#marking) this.#endMark(t);
    this.#forced++;
    this.#startGc(t, true);
    const marked = Math.max(t, this.#markEnd);
    this.#endMark(marked);
    this.#objects.finishSweep();
    this.#freesOsMemory = freesOsMemory;
    this.#sweepFinished(marked);
  }

  #startGc(t: number, forced = false): void {
    const { learned } = this.#options;
    if (!this.#sweepDoneTold || this.#objects.unswept > 0) {
      // A cycle begins by sweeping what is left.
      this.#objects.finishSweep();
      this.#sweepFinished(t);
    }
    this.#countInARow(t, forced);
    this.#gcs++;
    this.#background.gcStarted(this.#wall(t));
    this.#marking = true;
    this.#due = Number.NEGATIVE_INFINITY;
    this.#markStart = t;
    this.#now = t;
    this.#pacer.triggered = this.#live();
    const goal = this.#pacer.goal(this.#memory());
    this.#cycles.push({
      n: this.#gcs,
      start: this.#wall(t),
      markTermination: null,
      sweepDone: null,
      liveAtStart: this.#pacer.triggered,
      liveAtMark: null,
      liveMarked: null,
      goal: Number.isFinite(goal) ? goal : null,
    });
    const reachable = this.#deaths.liveAt(t);
    const duration = learned.markNs(reachable, t) * learned.progressWhileMarking * this.#options.pace;
    const cost = learned.cost(reachable, t);
    this.#cpu.mark += cost.mark;
    this.#cpu.assist += cost.assist;
    this.#cpu.stopped += cost.stopped;
    this.#limiter.program(t, learned.busyShare);
    this.#cycleCost = cost.mark + cost.assist + cost.stopped;
    this.#cycleMark = cost.mark;
    this.#heap.cpuLimiting = this.#limiter.limiting;
    this.#forcedCycle = forced;
    // A bucket that gets full during the mark lets allocations pass without their assists, until the program's work has made room.
    const over = this.#cycleCost - this.#limiter.room;
    const limited = over > 0;
    this.#markEnd =
      t + (limited ? Math.min(duration, over / (this.#options.heap.procs * learned.busyShare)) : duration);
    this.#assistedEnd = limited
      ? Number.POSITIVE_INFINITY
      : this.#pacer.assistedEnd(this.#memory(), reachable, learned.overshoot);
    this.#assist = null;
    this.#idleShare = 0;
    if (this.#options.heap.procs === 1 && !forced) this.#startOnOneP(t, reachable);
  }

  /**
   * With one P no worker has it to itself: assists mark while the program allocates, and a fractional worker has to wait
   * until the running goroutine is preempted or goes to sleep.
   */
  #startOnOneP(t: number, reachable: number): void {
    const { minor, gogc, learned } = this.#options;
    const { triggered } = this.#pacer;
    this.#assistedEnd = Number.POSITIVE_INFINITY;
    this.#assist = new MarkAssist({
      minor,
      gogc,
      live: triggered,
      // startCycle: at least so far away.
      goal: Math.max(this.#pacer.goal(this.#memory()), triggered + (minor <= 17 ? 1 << 20 : 64 << 10)),
      lastScan: this.#lastScan,
      marked: this.#pacer.marked,
      reachable,
      scannable: this.#scannable,
    });
    this.#markCost = learned.cost(reachable, t).mark;
    this.#workerRan = 0;
    this.#markEnd = this.#busyUntil(t, this.#preemption.after(t, this.#wokeAt(t)));
  }

  /** The background worker gets the one P, for as long as it may have it. */
  #workerRuns(at: number): void {
    const assist = this.#assist!;
    const left = assist.left * this.#markCost;
    const idle = this.#busyUntil(at, at + 1) < at + 1;
    const may = (FRACTIONAL_LIMIT * this.#markedFor(at) - this.#workerRan) / (1 - FRACTIONAL_LIMIT);
    if (idle || may >= left) {
      if (idle) this.#idleShare = assist.left;
      // The program stands still meanwhile: its own clock does not go on.
      this.#workerRan += left;
      this.#endMark(at);
      return;
    }
    const runs = Math.max(0, may);
    if (runs > 0) assist.background(runs / this.#markCost);
    this.#workerRan += runs;
    this.#markEnd = this.#busyUntil(at, this.#preemption.again(at));
  }

  /** When the P at work at `t` went on after a sleep; null where that is long ago. */
  #wokeAt(t: number): number | null {
    const { time } = this.#program;
    let after = t;
    for (let i = this.#at; i >= 0; i--) {
      const before = time[i]!;
      if (after - before > IDLE_GAP && this.#wentIdle(before, after)) return after;
      if (t - before > LONG_AWAKE) return null;
      after = before;
    }
    return after;
  }

  /** When the program, running at `from`, goes to sleep; `latest` if not before. */
  #busyUntil(from: number, latest: number): number {
    const { time } = this.#program;
    let last = from;
    for (let i = this.#at; i < time.length; i++) {
      const next = time[i]!;
      if (next <= last) continue;
      if (next - last > IDLE_GAP && this.#wentIdle(last, next)) return last;
      if (next > latest) return latest;
      last = next;
    }
    return last;
  }

  /**
   * Whether the P ran out of work between two allocations: a gap may as well be a recorded GC's worker, the tracer that
   * writes, or another process.
   */
  #wentIdle(from: number, to: number): boolean {
    const { idleFrom } = this.#program;
    if (idleFrom.length === 0) return true;
    const at = firstAfter(idleFrom, from);
    return at < idleFrom.length && idleFrom[at]! < to;
  }

  /** GCs back to back: between them passes less time than they mark. */
  #countInARow(t: number, forced: boolean): void {
    const follows = !forced && this.#gcs > 0 && t - this.#lastGcEnd < this.#marked;
    if (!follows) {
      if (this.#inARow >= MANY_IN_A_ROW) this.#backToBackNs += this.#wall(this.#lastGcEnd) - this.#rowStart;
      this.#inARow = 0;
      this.#rowStart = this.#wall(t);
    }
    this.#inARow++;
  }

  #endMark(t: number): void {
    const heap = this.#heap;
    this.#now = t;
    // What was left to mark when the heap came to its bound, assists do.
    const { learned, heldUp, heap: config } = this.#options;
    const gone = t - this.#markStart;
    const left =
      t < this.#markEnd && this.#assist === null ? (1 - gone / (this.#markEnd - this.#markStart)) * this.#cycleMark : 0;
    this.#cpu.assist += left;
    this.#cpu.mark -= left;
    // Meanwhile the program stands still.
    const extra = heldUp > 0 ? gone * heldUp + left / config.procs : 0;
    this.#heldUp += extra;
    this.#marked = gone + extra;
    this.#limiter.program(t, learned.busyShare);
    // What it is held up beyond the GC's own time it spends being slow: that counts as its own.
    this.#limiter.slowed(Math.max(0, extra * config.procs * learned.busyShare - this.#cycleCost));
    this.#limiter.collected(this.#cycleCost);
    heap.cpuLimiting = this.#limiter.limiting;
    this.#marking = false;
    this.#markEnd = Number.POSITIVE_INFINITY;
    const lastGoal = this.#pacer.goal(this.#memory());
    const lastInuse = heap.stats.inUse;
    const marked = this.#deaths.marked(this.#markStart, t);
    this.#peakMarked = Math.max(this.#peakMarked, marked);
    const cycle = this.#cycles.at(-1)!;
    cycle.markTermination = this.#wall(t);
    cycle.liveAtMark = this.#live();
    cycle.liveMarked = marked;
    const reachable = this.#deaths.liveAt(this.#markStart);
    const scanned =
      this.#options.heap.procs === 1
        ? { scanned: this.#assist?.scanWork(this.#live()) ?? reachable * this.#scannable }
        : {};
    this.#feedback.endCycle({
      liveAtStart: this.#pacer.triggered,
      liveAtEnd: this.#live(),
      marked,
      markedBefore: this.#pacer.marked,
      goal: lastGoal,
      forced: this.#forcedCycle,
      assisting: this.#assisting(t),
      idle: (this.#idleShare * this.#markCost) / Math.max(1, this.#markedFor(t)),
      ...scanned,
    });
    this.#assist = null;
    this.#lastScan = scanned.scanned ?? 0;
    this.#pacer.triggered = Number.POSITIVE_INFINITY;
    this.#pacer.marked = marked;
    if (this.#feedback instanceof ConsMark) {
      this.#pacer.runway =
        this.#options.heap.procs === 1
          ? this.#feedback.runway(RUNWAY_PER_CONS_MARK * this.#lastScan)
          : this.#feedback.runway(this.#options.learned.runwayFactor * marked);
    } else this.#pacer.triggerRatio = this.#feedback.ratio;
    this.#objects.startSweep(this.#markStart, marked);
    if (this.#flow) this.#flowBase = marked - this.#flow.allocatedAt(t);
    this.#pacer.commit(marked, false);
    const goal = this.#pacer.goal(this.#memory());
    this.#lastGoal = goal;
    const goalOf = this.#rules.keepsGoal ? exactRetainedGoal : gcPercentGoal;
    heap.scavengeGoals.gcPercent = goalOf({
      lastHeapInuse: lastInuse,
      heapGoal: goal,
      lastHeapGoal: lastGoal,
      physPageSize: heap.config.physPageSize,
      retained: heapRetained(heap),
    });
    heap.scavengeGoals.memoryLimit = memoryLimitGoal(
      this.#options.memoryLimit,
      mappedReady(heap),
      this.#rules.dividesLimitGoal,
    );
    heap.markTermination();
    this.#background.paced(this.#wall(t));
    this.#lastGcEnd = t;
    this.#due = Number.NEGATIVE_INFINITY;
    // It has woken sysmon, too.
    this.#active = Math.max(this.#active, t);
    this.#sweepFrom = t;
    this.#swept = 0;
    this.#sweepDoneTold = false;
    this.#dirty = true;
    this.#record(t);
  }

  /** How long the running mark takes by the program's time `t`, with what the one P spends on it. ns. */
  #markedFor(t: number): number {
    return t - this.#markStart + (this.#assist?.assistedShare ?? 0) * this.#markCost + this.#workerRan;
  }

  /** Share of its time that the P spent in assists during the mark that ends at `t`, 0..1. */
  #assisting(t: number): number {
    const spent = (this.#assist?.assistedShare ?? 0) * this.#markCost;
    return spent > 0 ? spent / this.#markedFor(t) : 0;
  }

  #sweepFinished(t: number): void {
    if (this.#sweepDoneTold) return;
    this.#sweepDoneTold = true;
    const cycle = this.#cycles.at(-1);
    if (cycle) cycle.sweepDone = this.#wall(t);
    this.#heap.sweepDone();
    this.#background.swept(this.#wall(t));
    if (this.#freesOsMemory) {
      this.#freesOsMemory = false;
      this.#heap.scavengeAll();
    }
    this.#dirty = true;
  }

  /** Lets simulated time pass up to `t`, when the program does something again: what is due before happens at its own time. */
  #advance(t: number): void {
    if (this.#at > 0) this.#active = Math.max(this.#active, this.#program.time[this.#at - 1]!);
    this.#goesOn = t;
    for (let at = this.#nextDue(); at <= t; at = this.#nextDue()) this.#happen(at);
    this.#heap.now = this.#wall(t);
    this.#sweepUntil(t);
    this.#due = this.#nextDue();
    this.#record(t);
  }

  /** When the next of what goes on beside the program is due. */
  #nextDue(): number {
    return Math.min(
      this.#markEnd,
      this.#sweepEnd(),
      this.#forcedAt(),
      this.#nextScan,
      this.#background.next - this.#heldUp,
    );
  }

  #happen(at: number): void {
    this.#heap.now = this.#wall(at);
    if (at === this.#markEnd) {
      if (this.#assist) this.#workerRuns(at);
      else this.#endMark(at);
    } else if (at === this.#sweepEnd()) {
      this.#objects.finishSweep();
      this.#sweepFinished(at);
    } else if (at === this.#forcedAt()) {
      this.#forced++;
      this.#startGc(at, true);
    } else if (at === this.#nextScan) {
      this.#os?.khugepaged();
      this.#nextScan += KHUGEPAGED_PERIOD;
      this.#dirty = true;
    } else {
      this.#sweepUntil(at);
      // Never before it is due by a rounding.
      this.#background.advance(Math.max(this.#wall(at), this.#background.next));
      this.#dirty = true;
    }
    this.#record(at);
  }

  /** When sysmon forces a GC; Infinity while one runs. */
  #forcedAt(): number {
    if (this.#marking || !Number.isFinite(this.#options.gogc)) return Number.POSITIVE_INFINITY;
    return this.#sysmonLooks(this.#lastGcEnd + FORCED_GC_PERIOD);
  }

  /** While all Ps are idle sysmon looks once a minute, or when the next of them goes on (proc.go:sysmon). */
  #sysmonLooks(due: number): number {
    if (due <= this.#active || due >= this.#goesOn) return due;
    const looks = this.#active + Math.ceil((due - this.#active) / SYSMON_MAX_SLEEP) * SYSMON_MAX_SLEEP;
    return Math.min(looks, this.#goesOn);
  }

  /** When the background sweeper is done; Infinity when there is nothing to sweep. */
  #sweepEnd(): number {
    if (this.#sweepDoneTold) return Number.POSITIVE_INFINITY;
    return this.#sweepFrom + (this.#swept + this.#objects.unswept) / this.#options.learned.sweepSpansPerNs;
  }

  #sweepUntil(t: number): void {
    if (this.#sweepDoneTold) return;
    const spans = Math.floor((t - this.#sweepFrom) * this.#options.learned.sweepSpansPerNs) - this.#swept;
    if (spans <= 0) return;
    this.#swept += this.#objects.sweep(spans);
    this.#dirty = true;
  }

  #manual(i: number): void {
    const { manual } = this.#program;
    const id = manual.id[i]!;
    const recorded = manual.pages[i]!;
    const pages = Math.ceil((Math.abs(recorded) * RECORDED_PAGE) / this.#heap.config.pageSize);
    if (recorded > 0) {
      const p = manual.p[i]!;
      const base = this.#heap.allocSpan(pages, p >= 0 ? p % this.#options.heap.procs : -1, true);
      if (base !== 0) this.#manualBase.set(id, base);
    } else {
      const base = this.#manualBase.get(id);
      if (base === undefined) return;
      this.#manualBase.delete(id);
      this.#heap.freeSpan(base, pages, true);
    }
    this.#dirty = true;
  }

  #record(t: number): void {
    if (!this.#dirty) return;
    this.#dirty = false;
    const { stats } = this.#heap;
    const { learned, recorder, baseline } = this.#options;
    const spans = this.#objects.spans + this.#manualBase.size;
    if (spans > this.#peakSpans) {
      this.#peakSpans = spans;
      this.#heap.nonHeapMapped = learned.nonHeapMapped + spans * MAPPED_PER_SPAN;
    }
    const row = this.#row;
    const metadata = this.#metadata.bytes(stats, this.#peakSpans);
    const untouched =
      stats.manual * learned.untouchedManual + stats.inUse * learned.untouchedObjects + (stats.untouched ?? 0);
    row[COL.t] = Math.max(this.#wall(t), recorder.last[COL.t]!);
    // The model of the system, where there is one, knows what huge pages add and what is freed lazily.
    const resident = this.#os
      ? this.#os.resident
      : stats.inUse + stats.manual + stats.freeBacked + (this.#lazy?.bytes ?? 0);
    row[COL.rss] = baseline + metadata + resident - untouched;
    row[COL.heapInuse] = stats.inUse;
    row[COL.heapFree] = stats.freeBacked;
    row[COL.heapReleased] = stats.released;
    row[COL.manual] = stats.manual;
    row[COL.heapLive] = this.#live();
    row[COL.heapGoal] = this.#lastGoal || Number.NaN;
    row[COL.mapped] = stats.mapped;
    row[COL.objects] = this.#objects.allocated;
    row[COL.marked] = this.#pacer.marked;
    row[COL.untouched] = untouched;
    row[COL.metadata] = metadata;
    recorder.add(row);
  }
}

/** The model of the system's pages, where huge pages can make a difference; null where not. */
function osPagesOf({ thp, heap, era }: SimulationOptions, { config }: PageHeap): OsPages | null {
  if (thp === null || thp === "never" || heap.goos !== "linux" || heap.physHugePageSize === 0) return null;
  const rules = osRulesFor(era.name, heap.goos);
  // On "madvise" only what the runtime asks for can be huge.
  if (thp === "madvise" && rules.hugeAdvice === "none") return null;
  return new OsPages({
    physPageSize: config.physPageSize,
    physHugePageSize: heap.physHugePageSize,
    thp,
    maxPtesNone: MAX_PTES_NONE,
    rules,
  });
}

/** Pages of a span that stands for what the recording has no span for: as most size classes have. */
const FILLER_PAGES = 2;

/** One more object, dead from the beginning: what fills up spans is garbage at the next mark. */
function withFiller(deadAt: Float64Array): Float64Array {
  const out = new Float64Array(deadAt.length + 1);
  out.set(deadAt);
  out[deadAt.length] = Number.NEGATIVE_INFINITY;
  return out;
}

/** Linux' own default: khugepaged makes a huge page where but one small page is there. */
const MAX_PTES_NONE = 511;

/** Share of the program's bytes that are in objects with pointers, 0..1. */
function scannableShare({ spanClass, size }: Program): number {
  let scanned = 0;
  let all = 0;
  for (let i = 0; i < size.length; i++) {
    all += size[i]!;
    if ((spanClass[i]! & 1) === 0) scanned += size[i]!;
  }
  return all > 0 ? scanned / all : 1;
}
