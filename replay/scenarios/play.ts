/** Plays a scenario's events on one version's page heap, on one operating system, in simulated time. */
import { eraFor } from "../../allocator/eras/index.ts";
import { KHUGEPAGED_PERIOD, OsPages, type ThpMode } from "../../allocator/os-pages.ts";
import { osRulesFor } from "../../allocator/os-rules.ts";
import type { HeapConfig, PageHeap, ReturnReason } from "../../allocator/types.ts";
import {
  type EventBatch,
  GC_FREES_OS_MEMORY,
  GC_MARK_TERMINATION,
  GC_START,
  GC_SWEEP_DONE,
  HEAP_GOAL,
  HEAP_LIVE,
  SPAN_ALLOC,
  SPAN_FREE,
} from "../../parsers/events.ts";
import { type BackgroundWorld, heapRetained, mappedReady } from "../background/background.ts";
import { backgroundFor } from "../background/index.ts";
import { rulesOf } from "../era-rules.ts";
import type { ReplayConfig, ReplaySummary, TimelineRow } from "../result.ts";
import { exactRetainedGoal, gcPercentGoal, memoryLimitGoal } from "../retained-goal.ts";
import type { Pressure } from "./workload.ts";

const PAGE = 8192;

export interface PlaySetting {
  /** As asked for: "go1.21.2". */
  readonly policy: string;
  readonly seed: number;
  readonly procs: number;
  readonly physPageSize: number;
  readonly os: HeapConfig["goos"];
  readonly thp: ThpMode;
  readonly maxPtesNone: number;
  readonly gogc: number;
  readonly memoryLimit: number;
}

/** The events of one program, and what the system around it does. */
export interface Played {
  readonly batches: readonly EventBatch[];
  readonly pressures: readonly Pressure[];
  /** ns; simulated time goes on to it. */
  readonly end: number;
}

export interface ScenarioConfig extends ReplayConfig {
  seed: number;
  thp: ThpMode;
  maxPtesNone: number;
}

/** What replay's summary says, and what only the model of the system knows. RSS is the heap's alone: no binary, no metadata. */
export interface ScenarioSummary extends ReplaySummary {
  peakMapped: number;
  finalMapped: number;
  /** Page faults: of small pages, and of huge ones. */
  faults: number;
  hugeFaults: number;
  /** Commit charge: Windows' committed memory; on Unix what is mapped. */
  peakCommit: number;
  meanCommit: number;
  finalCommit: number;
  /** Bytes in RSS at the end that were given back but not yet taken (MADV_FREE). */
  finalLazy: number;
  /** RSS at the end as the system charges it: on macOS without what is reusable. */
  finalFootprint: number;
  /** System calls that gave memory back. */
  returnCalls: number;
  /** Bytes that huge pages made of small ones filled with memory again. */
  collapsedFill: number;
  /** Free part of the heap's address space at the end: HeapIdle over HeapSys. */
  finalFreeFraction: number;
}

export interface ScenarioRun {
  config: ScenarioConfig;
  summary: ScenarioSummary;
  timeline: TimelineRow[];
}

/** Rows kept of a run: of each stretch of time the one with the highest RSS. */
const ROWS = 240;

export function play(program: Played, setting: PlaySetting): ScenarioRun {
  const player = new Player(program, setting);
  for (const batch of program.batches) player.process(batch);
  return player.finish();
}

class Player {
  readonly #program: Played;
  readonly #setting: PlaySetting;
  readonly #heap: PageHeap;
  readonly #os: OsPages;
  readonly #world: BackgroundWorld;
  readonly #background: ReturnType<typeof backgroundFor>;
  readonly #keepsGoal: boolean;
  readonly #paces: boolean;
  readonly #flushesIdle: boolean;
  readonly #dividesLimitGoal: boolean;
  /** Base of each live span by handle. */
  readonly #bases = new Map<number, number>();
  readonly #used: boolean[] = [];
  readonly #rows: (TimelineRow | null)[] = new Array(ROWS + 1).fill(null);
  #now = 0;
  #mappedSeen = 0;
  #heapLive = 0;
  #goal = 0;
  #freesOsMemory = false;
  #nextScan: number;
  #nextPressure = 0;
  // Sums over time, for means.
  #rssTime = 0;
  #releasedTime = 0;
  #commitTime = 0;
  #peakRss = 0;
  #peakCommit = 0;
  #peakInuse = 0;
  #peakLive = 0;
  #peakMapped = 0;
  #gcs = 0;

  constructor(program: Played, setting: PlaySetting) {
    const era = eraFor(setting.policy);
    const { physPageSize } = setting;
    this.#program = program;
    this.#setting = setting;
    const physHugePageSize = hugePageSize(physPageSize, setting.os);
    this.#heap = era.create({
      physPageSize,
      physHugePageSize,
      goos: setting.os,
      procs: setting.procs,
      seed: setting.seed,
    });
    this.#os = new OsPages({
      physPageSize,
      physHugePageSize,
      thp: setting.os === "linux" ? setting.thp : "never",
      maxPtesNone: setting.maxPtesNone,
      rules: osRulesFor(setting.policy, setting.os),
    });
    const rules = rulesOf(era);
    const { minor } = rules;
    this.#dividesLimitGoal = rules.dividesLimitGoal;
    // mgcscavenge.go:gcPaceScavenger: 1.13 publishes its goal even when the heap is below it; 1.11 and 1.12 have none.
    this.#keepsGoal = era.pace === "line";
    this.#paces = era.pace !== "aged";
    this.#flushesIdle = minor >= 21;
    if (minor >= 19) this.#heap.memoryLimit = setting.memoryLimit;
    this.#world = { heap: this.#heap, procs: setting.procs, returnCalls: 0 };
    this.#background = backgroundFor(era, this.#world);
    this.#nextScan = this.#os.config.thp === "never" ? Number.POSITIVE_INFINITY : KHUGEPAGED_PERIOD;
    this.#heap.onReleased = (base: number, pages: number, _reason: ReturnReason) => {
      this.#world.returnCalls++;
      this.#os.release(base, pages * PAGE);
    };
  }

  process(batch: EventBatch): void {
    const { kind, time, p, addr, size, aux, length } = batch;
    for (let i = 0; i < length; i++) {
      this.#advance(time[i]!);
      switch (kind[i]) {
        case SPAN_ALLOC:
          this.#alloc(addr[i]!, size[i]!, p[i]!, aux[i]! < 0);
          break;
        case SPAN_FREE:
          this.#free(addr[i]!, size[i]!, p[i]!, aux[i]! < 0);
          break;
        case HEAP_LIVE:
          this.#heapLive = size[i]!;
          if (this.#heapLive > this.#peakLive) this.#peakLive = this.#heapLive;
          break;
        case HEAP_GOAL:
          this.#newGoal(size[i]!);
          break;
        case GC_START:
          this.#gcs++;
          this.#freesOsMemory = (aux[i]! & GC_FREES_OS_MEMORY) !== 0;
          this.#background.gcStarted(this.#now);
          break;
        case GC_MARK_TERMINATION:
          break;
        case GC_SWEEP_DONE:
          this.#heap.sweepDone();
          this.#background.swept(this.#now);
          if (this.#freesOsMemory) this.#heap.scavengeAll();
          this.#freesOsMemory = false;
          this.#row();
          break;
      }
    }
  }

  finish(): ScenarioRun {
    this.#advance(this.#program.end);
    this.#row();
    const { setting, os, heap } = { setting: this.#setting, os: this.#os, heap: this.#heap };
    const { stats } = heap;
    const duration = this.#now;
    const { background, growth, limit, forced } = stats.returned;
    return {
      config: {
        policy: setting.policy,
        seed: setting.seed,
        gogc: Number.isFinite(setting.gogc) ? setting.gogc : "off",
        memoryLimit: Number.isFinite(setting.memoryLimit) ? setting.memoryLimit : null,
        physPageSize: setting.physPageSize,
        pageSize: PAGE,
        procs: setting.procs,
        os: setting.os,
        thp: os.config.thp,
        maxPtesNone: setting.maxPtesNone,
      },
      summary: {
        durationNs: duration,
        gcCycles: this.#gcs,
        peakRss: this.#peakRss,
        finalRss: os.resident,
        meanRss: Math.round(this.#rssTime / duration),
        peakHeapInuse: this.#peakInuse,
        peakHeapLive: this.#peakLive,
        heapReleasedFinal: stats.released,
        meanHeapReleased: Math.round(this.#releasedTime / duration),
        returnedTotal: background + growth + limit + forced,
        returnedBackground: background,
        returnedOnGrowth: growth,
        returnedForLimit: limit,
        returnedForced: forced,
        pageFaultBytes: stats.faulted,
        heapLockAcquisitions: stats.lockAcquisitions,
        heapLockAvoided: stats.lockAvoided,
        peakMapped: this.#peakMapped,
        finalMapped: stats.mapped,
        faults: os.faults,
        hugeFaults: os.hugeFaults,
        peakCommit: this.#peakCommit,
        meanCommit: Math.round(this.#commitTime / duration),
        finalCommit: os.committed,
        finalLazy: os.lazy,
        finalFootprint: os.footprint,
        returnCalls: this.#world.returnCalls,
        collapsedFill: os.collapsedFill,
        finalFreeFraction: stats.mapped === 0 ? 0 : (stats.freeBacked + stats.released) / stats.mapped,
      },
      timeline: this.#rows.filter((row) => row !== null),
    };
  }

  /** Simulated time passes up to t: the scavenger, khugepaged and the rest of the system do what is due, in order. */
  #advance(t: number): void {
    const { pressures } = this.#program;
    for (;;) {
      const pressure = pressures[this.#nextPressure]?.t ?? Number.POSITIVE_INFINITY;
      const next = Math.min(this.#background.next, this.#nextScan, pressure);
      if (next > t) break;
      this.#pass(next);
      if (next === pressure) this.#os.pressure(pressures[this.#nextPressure++]!.bytes);
      else if (next === this.#nextScan) {
        this.#os.khugepaged();
        this.#nextScan += KHUGEPAGED_PERIOD;
      } else this.#background.advance(next);
      this.#row();
    }
    this.#pass(t);
  }

  #pass(t: number): void {
    const dt = t - this.#now;
    if (dt <= 0) return;
    this.#rssTime += this.#os.resident * dt;
    this.#commitTime += this.#os.committed * dt;
    this.#releasedTime += this.#heap.stats.released * dt;
    this.#now = t;
  }

  #alloc(handle: number, pages: number, p: number, manual: boolean): void {
    this.#heap.now = this.#now;
    if (p >= 0) this.#used[p] = true;
    const base = this.#heap.allocSpan(pages, p, manual);
    if (base === 0) throw new Error("scenario: address space exhausted");
    if (this.#heap.stats.mapped !== this.#mappedSeen) this.#mapped();
    this.#bases.set(handle, base);
    this.#os.use(base, pages * PAGE);
    this.#os.touch(base, pages * PAGE);
    this.#row();
  }

  /** Tells the system of memory mapped since it was last told. Heaps grow upwards, and never shrink. */
  #mapped(): void {
    let grown = this.#heap.stats.mapped - this.#mappedSeen;
    this.#mappedSeen = this.#heap.stats.mapped;
    for (const [lo, hi] of this.#heap.ranges().reverse()) {
      const size = Math.min(grown, hi - lo);
      this.#os.map(hi - size, size);
      grown -= size;
      if (grown <= 0) return;
    }
  }

  #free(handle: number, pages: number, p: number, manual: boolean): void {
    const base = this.#bases.get(handle)!;
    this.#bases.delete(handle);
    this.#heap.now = this.#now;
    if (p >= 0) this.#used[p] = true;
    this.#heap.freeSpan(base, pages, manual);
    this.#os.free(base, pages * PAGE);
  }

  /** Mark termination's order: lastHeapInUse, commit, pacing, the next generation, idle caches (mgc.go:gcMarkTermination). */
  #newGoal(goal: number): void {
    const heap = this.#heap;
    const lastHeapGoal = this.#goal;
    this.#goal = goal;
    if (this.#gcs === 0) return;
    if (this.#paces) {
      const input = {
        lastHeapInuse: heap.stats.inUse,
        heapGoal: goal,
        lastHeapGoal,
        physPageSize: heap.config.physPageSize,
        retained: heapRetained(heap),
      };
      heap.scavengeGoals.gcPercent = this.#keepsGoal ? exactRetainedGoal(input) : gcPercentGoal(input);
      heap.scavengeGoals.memoryLimit = memoryLimitGoal(heap.memoryLimit, mappedReady(heap), this.#dividesLimitGoal);
    }
    heap.markTermination();
    if (this.#flushesIdle) {
      for (let p = 0; p < this.#setting.procs; p++) if (!this.#used[p]) heap.flushPageCache(p);
      this.#used.fill(false);
    }
    this.#background.paced(this.#now);
  }

  #row(): void {
    const os = this.#os;
    const { stats } = this.#heap;
    if (os.committed > this.#peakCommit) this.#peakCommit = os.committed;
    if (stats.inUse > this.#peakInuse) this.#peakInuse = stats.inUse;
    if (stats.mapped > this.#peakMapped) this.#peakMapped = stats.mapped;
    const rss = os.resident;
    if (rss > this.#peakRss) this.#peakRss = rss;
    const bin = Math.min(ROWS, Math.floor((this.#now / this.#program.end) * ROWS));
    const before = this.#rows[bin]!;
    if (before !== null && before.rss >= rss) return;
    this.#rows[bin] = {
      t: this.#now,
      rss,
      heapInuse: stats.inUse,
      heapFree: stats.freeBacked,
      heapReleased: stats.released,
      stacks: stats.manual,
      heapLive: this.#heapLive,
      heapGoal: Number.isFinite(this.#goal) ? this.#goal : null,
      mapped: stats.mapped,
    };
  }
}

/** Huge pages of the platforms with such pages; none for the runtime where they are larger than 4 MiB, nor off Linux. */
export function hugePageSize(physPageSize: number, os: HeapConfig["goos"]): number {
  if (os !== "linux") return 0;
  return physPageSize === 4096 ? 2 << 20 : 0;
}
