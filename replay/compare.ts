/** Two runs side by side: ledgers by part, causes that came and went, figures, settings; and which differences are more than luck. */

import { collect, type DiagnoseOptions } from "./diagnose/collect.ts";
import { type CauseVerdict, type Diagnosis, diagnoseCollected } from "./diagnose/diagnose.ts";
import { Facts } from "./diagnose/facts.ts";
import { ledgerAt } from "./diagnose/ledger.ts";
import { median } from "./diagnose/series.ts";
import { FIGURES, type FigureKind, type Figures, figuresOf, meanOf } from "./figures.ts";
import {
  alike,
  clearlyApart,
  momentsAround,
  NOISE,
  noiseOfCount,
  type PeakLuck,
  peakLuck,
  SMALL_BYTES,
  type Spread,
  spreadAt,
  spreadOf,
} from "./noise.ts";

export interface Difference {
  readonly a: number | null;
  readonly b: number | null;
  /** b - a; null when one is not known. */
  readonly delta: number | null;
  /** Two runs of one program differ by as much. */
  readonly noise: boolean;
}

export interface FigureDifference extends Difference {
  readonly figure: FigureKind;
  /** Both for equal load, and whether those differ by more than noise; null when the load is not known, or the figure has none. */
  readonly perLoad: (Difference & { readonly unit: LoadUnit }) | null;
  /** Both up to the end of the shorter run, where one is clearly longer: a program that grows is larger later. null elsewhere. */
  readonly sameTime: Difference | null;
}

/** Levels are held against the rate of allocation, what adds up against what was allocated. */
export type LoadUnit = "per MiB/s allocated" | "per GiB allocated" | "per second";

export interface CauseDifference extends CauseVerdict {
  readonly noise: boolean;
}

/** A setting that the runs do not share, as text: "100", "off", "Go 1.21.5"; sizes in bytes. */
export interface SettingDifference {
  readonly name:
    | "GOGC"
    | "GOMEMLIMIT"
    | "Go version"
    | "page size"
    | "operating system"
    | "GOMAXPROCS"
    | "FreeOSMemory";
  readonly a: string;
  readonly b: string;
}

export interface Comparison {
  readonly a: Diagnosis;
  readonly b: Diagnosis;
  /** "noise": nothing that matters differs by more than two runs of one program do; "unknown": no such figure is known of both. */
  readonly verdict: "different" | "noise" | "unknown";
  readonly settings: readonly SettingDifference[];
  /** b's length over a's. */
  readonly durationRatio: number | null;
  /** Length of the shorter run, ns, where the lengths clearly differ. */
  readonly sharedNs: number | null;
  /** b's allocated bytes a second over a's: the load, as far as memory sees it. null when not known. */
  readonly loadRatio: number | null;
  readonly figures: readonly FigureDifference[];
  readonly ledger: readonly {
    readonly moment: "peak" | "end";
    readonly parts: readonly (Difference & { readonly id: string; readonly label: string })[];
  }[];
  readonly causes: {
    readonly came: readonly CauseDifference[];
    readonly went: readonly CauseDifference[];
    readonly stayed: readonly (Difference & { readonly id: string; readonly title: string })[];
  };
}

export interface Run {
  readonly diagnosis: Diagnosis;
  readonly figures: Figures;
  readonly facts: Facts;
  /** Bytes allocated, and ns over which they were; null when not known. */
  readonly load: { readonly bytes: number; readonly ns: number } | null;
}

/** Loads equal to within this are taken as one. */
const SAME_LOAD = 0.15;
/** ... and lengths to within this. */
const SAME_LENGTH = 0.1;
/** The last stretch of what both runs have. */
const LAST_SHARE = 0.1;
/** GOGC as goals show it is not exact. */
const SAME_GOGC = 0.15;
/** Shares below this distance are one: logs print whole per cent. */
const SMALL_SHARE = 0.02;
/** Figures that decide whether the runs differ; the others follow from them, or from the moment of the last GC. */
const DECIDING = new Set([
  "peak-rss",
  "final-rss",
  "mean-rss",
  "peak-heap-inuse",
  "peak-heap-live",
  "peak-stacks",
  "goroutines",
  "gc-cycles",
]);
/** Causes that come and go with where GCs fall, or with which pages happen to be free. */
const BY_LUCK = new Set([
  "gogc-headroom",
  "background-return",
  "retained-by-design",
  "dense-chunks",
  "idle-no-gc",
  "gc-caught-burst",
  "non-heap-eats-limit",
  "mark-overshoot",
  "page-fragmentation",
  "address-space",
  "released-gauge",
  "stale-profile",
]);
/** Of no use side by side. */
const LEFT_OUT = new Set(["duration", "causes"]);

export async function compare(
  a: readonly string[],
  b: readonly string[],
  options: DiagnoseOptions = {},
): Promise<Comparison> {
  const one = await load(a, options);
  const two = await load(b, options);
  return compareRuns(one, two);
}

export async function load(paths: readonly string[], options: DiagnoseOptions): Promise<Run> {
  const collected = await collect(paths, options);
  const diagnosis = diagnoseCollected(collected);
  const facts = new Facts(collected);
  return { diagnosis, facts, figures: figuresOf(collected, diagnosis), load: loadOf(facts) };
}

/** Bytes allocated, by the runtime's count or by what each cycle of a log found more than the one before left. */
function loadOf(facts: Facts): Run["load"] {
  const total = facts.series("total_alloc");
  if (total && total.last > total.first && total.lastT > total.t[0]!)
    return { bytes: total.last - total.first, ns: total.lastT - total.t[0]! };
  const { gcs } = facts;
  let bytes = 0;
  for (let i = 1; i < gcs.length; i++) bytes += Math.max(0, gcs[i]!.heapEnd - gcs[i - 1]!.marked) || 0;
  const ns = gcs.length > 1 ? gcs.at(-1)!.end - gcs[0]!.end : 0;
  return bytes > 0 && ns > 0 ? { bytes, ns } : null;
}

export function compareRuns(one: Run, two: Run): Comparison {
  const { diagnosis: a } = one;
  const { diagnosis: b } = two;
  const settings = settingsOf(one.facts, two.facts);
  const judge = new Judge(one, two, settings.length === 0);
  const known = new Set([...one.figures.keys(), ...two.figures.keys()]);
  const figures = FIGURES.filter(({ name }) => known.has(name) && !LEFT_OUT.has(name)).map((figure) =>
    judge.figure(figure),
  );
  const deciding = figures.filter(({ figure, delta }) => DECIDING.has(figure.name) && delta !== null);
  const differs = deciding.some(
    (d) => !(d.noise || d.sameTime?.noise || (d.figure.name === "gc-cycles" && d.perLoad?.noise)),
  );
  const presentIn = (d: Diagnosis) => d.causes.filter((cause) => cause.verdict === "present");
  const inA = presentIn(a);
  const inB = presentIn(b);
  const came = inB.filter(({ id }) => !inA.some((c) => c.id === id));
  const went = inA.filter(({ id }) => !inB.some((c) => c.id === id));
  const decides = ({ id, bytes }: CauseVerdict) => !BY_LUCK.has(id) && bytes > judge.small;
  const verdict =
    [...came, ...went].some(decides) || differs ? "different" : deciding.length === 0 ? "unknown" : "noise";
  const judged = (cause: CauseVerdict): CauseDifference => ({
    ...cause,
    noise: BY_LUCK.has(cause.id) && (verdict === "noise" || cause.bytes <= Math.max(judge.small, judge.rssLuck)),
  });
  return {
    a,
    b,
    verdict,
    settings,
    durationRatio: a.durationNs > 0 && b.durationNs > 0 ? b.durationNs / a.durationNs : null,
    sharedNs: judge.shared,
    loadRatio: judge.loadRatio,
    figures,
    ledger: (["peak", "end"] as const)
      .map((moment) => ({ moment, parts: judge.parts(moment) }))
      .filter(({ parts }) => parts.length > 0),
    causes: {
      came: came.map(judged),
      went: went.map(judged),
      stayed: inA.flatMap((c) => {
        const other = inB.find(({ id }) => id === c.id);
        if (!other) return [];
        const lucky = BY_LUCK.has(c.id);
        const d = difference(
          c.bytes,
          other.bytes,
          lucky ? Math.max(judge.small, judge.rssLuck) : judge.small,
          NOISE.other,
        );
        return [{ id: c.id, title: c.title, ...d, noise: d.noise || (lucky && verdict === "noise") }];
      }),
    },
  };
}

/** Says of each difference whether it is luck. */
class Judge {
  readonly shared: number | null;
  readonly loadRatio: number | null;
  /** Bytes by which peaks of RSS may differ in two runs under these settings. */
  readonly rssLuck: number;
  /** Less than RSS itself may differ by is nothing to name in one of its parts, bytes. */
  readonly small: number;
  readonly #one: Run;
  readonly #two: Run;
  /** With other settings a difference has a reason: then only the shares that steady programs have count as luck. */
  readonly #sameSettings: boolean;
  readonly #luck: readonly [PeakLuck, PeakLuck];
  /** Of the higher peak, what a GC at another moment can have made: with GOGC=100 the half. */
  readonly #most: number;

  constructor(one: Run, two: Run, sameSettings: boolean) {
    this.#one = one;
    this.#two = two;
    this.#sameSettings = sameSettings;
    const [x, y] = [one.facts.endT, two.facts.endT];
    this.shared = x > 0 && y > 0 && Math.abs(Math.log(y / x)) > SAME_LENGTH ? Math.min(x, y) : null;
    this.#luck = [peakLuck(one.facts), peakLuck(two.facts)];
    const gogc = [one, two].map(({ facts }) => gogcOf(facts)?.value ?? 100);
    const room = Math.max(...gogc.map((value) => (value === "off" ? 100 : Math.max(100, value)))) / 100;
    this.#most = room / (1 + room);
    const peak = Math.max(...[one, two].map(({ figures }) => figures.get("peak-rss") ?? 0));
    this.small = Math.max(SMALL_BYTES, NOISE.peak * peak);
    this.rssLuck = sameSettings ? Math.min(this.#both("rss"), this.#most * peak) : 0;
    const rate = ({ load: l }: Run) => (l ? l.bytes / l.ns : Number.NaN);
    const ratio = rate(two) / rate(one);
    this.loadRatio = Number.isFinite(ratio) ? ratio : null;
  }

  #both(name: keyof PeakLuck): number {
    return this.#luck[0][name] + this.#luck[1][name];
  }

  figure(figure: FigureKind): FigureDifference {
    const a = this.#one.figures.get(figure.name) ?? null;
    const b = this.#two.figures.get(figure.name) ?? null;
    const { small, share } = this.#noiseOf(figure, a, b);
    const plain = difference(a, b, small, share);
    const noise = plain.noise || (plain.delta !== null && this.#isLuck(figure.name, plain.delta, Math.max(a!, b!)));
    return {
      figure,
      ...plain,
      noise,
      perLoad: this.#perLoad(figure, plain, share),
      sameTime: this.#overSameTime(figure.name, small, share),
    };
  }

  /** The figure of both runs up to the end of the shorter one. */
  #overSameTime(name: string, small: number, share: number): Difference | null {
    const { shared } = this;
    const of = LEVELS[name];
    if (shared === null || !of) return null;
    const [a, b] = [this.#one, this.#two].map(({ facts }) => of(facts)?.until(shared) ?? null);
    if (!a || !b || a.length === 0 || b.length === 0) return null;
    if (name.startsWith("final")) {
      const last = [shared * (1 - LAST_SHARE), shared] as const;
      const moments = Array.from({ length: 33 }, (_, k) => last[0] + ((last[1] - last[0]) * k) / 32);
      const d = difference(a.last, b.last, small, share);
      return { ...d, noise: d.noise || alike(spreadAt(a, moments), spreadAt(b, moments), this.#sameSettings) };
    }
    if (name.startsWith("mean")) {
      const d = difference(meanOf(a.t, a.v), meanOf(b.t, b.v), small, share);
      return { ...d, noise: d.noise || (this.#sameSettings && clearlyApart(a, b) === false) };
    }
    return difference(a.max, b.max, small, share);
  }

  #noiseOf({ name, unit }: FigureKind, a: number | null, b: number | null): { small: number; share: number } {
    const luck = this.#sameSettings ? (LUCK_OF[name] ?? null) : null;
    const band = luck === null ? 0 : Math.min(this.#both(luck), this.#most * Math.max(a ?? 0, b ?? 0));
    if (unit === "bytes") {
      const share = name.startsWith("peak") ? NOISE.peak : name.startsWith("final") ? NOISE.end : NOISE.other;
      return { small: Math.max(name.endsWith("rss") ? SMALL_BYTES : this.small, band), share };
    }
    if (unit === "fraction") return { small: SMALL_SHARE, share: NOISE.other };
    if (name.startsWith("gc-")) {
      const cycles = [this.#one, this.#two].map(({ figures }) => figures.get("gc-cycles") ?? 0);
      return { small: 0, share: noiseOfCount(Math.min(...cycles)) };
    }
    return { small: band, share: noiseOfCount(Math.min(a ?? 0, b ?? 0)) };
  }

  /** Figures of the end by how they move there, means and what is alive by whether the difference is there all along. */
  #isLuck(name: string, delta: number, most: number): boolean {
    const { facts: a } = this.#one;
    const { facts: b } = this.#two;
    const last = AT_THE_END[name];
    if (last) {
      const [x, y] = [a, b].map((facts) => spreadAt(last(facts), momentsAround(facts, "end")));
      return alike(x!, y!, this.#sameSettings);
    }
    if (!this.#sameSettings || Math.abs(delta) > this.#most * most) return false;
    if (name === "peak-heap-live") return clearlyApart(a.series("heap_live"), b.series("heap_live")) === false;
    if (name !== "mean-rss") return false;
    const apart = [clearlyApart(a.rss, b.rss), clearlyApart(a.series("heap_inuse"), b.series("heap_inuse"))];
    return apart[0] !== null && !apart.includes(true);
  }

  #perLoad({ name, unit }: FigureKind, { a, b }: Difference, share: number): FigureDifference["perLoad"] {
    if (a === null || b === null) return null;
    const one = this.#one.load;
    const two = this.#two.load;
    const adds = name === "gc-cycles" || name === "returned-total" || name === "page-faults";
    if (adds && one && two) {
      return {
        unit: "per GiB allocated",
        ...difference((a / one.bytes) * 2 ** 30, (b / two.bytes) * 2 ** 30, 0, share),
      };
    }
    if (adds) {
      const { durationNs: da } = this.#one.diagnosis;
      const { durationNs: db } = this.#two.diagnosis;
      return da > 0 && db > 0 ? { unit: "per second", ...difference((a / da) * 1e9, (b / db) * 1e9, 0, share) } : null;
    }
    if (unit !== "bytes" || !one || !two) return null;
    const rate = ({ bytes, ns }: { bytes: number; ns: number }) => (bytes / ns) * (1e9 / 2 ** 20);
    return { unit: "per MiB/s allocated", ...difference(a / rate(one), b / rate(two), 0, share) };
  }

  /** The ledger's parts at a moment; a part that moves as much around it within a run is luck. */
  parts(moment: "peak" | "end"): Comparison["ledger"][number]["parts"] {
    const of = ({ diagnosis }: Run) => diagnosis.ledger.find((l) => l.moment === moment)?.parts ?? [];
    const pa = of(this.#one);
    const pb = of(this.#two);
    const ids = [...new Set([...pa, ...pb].map(({ id }) => id))];
    if (ids.length === 0) return [];
    const sa = partSpreads(this.#one.facts, moment);
    const sb = partSpreads(this.#two.facts, moment);
    const none = spreadOf([0]);
    return ids.map((id) => {
      const x = pa.find((p) => p.id === id);
      const y = pb.find((p) => p.id === id);
      const d = difference(x?.bytes ?? 0, y?.bytes ?? 0, this.small, NOISE.other);
      const noise = d.noise || alike(sa.get(id) ?? none, sb.get(id) ?? none, this.#sameSettings);
      return { id, label: (x ?? y)!.label, ...d, noise };
    });
  }
}

const LUCK_OF: Readonly<Record<string, keyof PeakLuck>> = {
  "peak-rss": "rss",
  "peak-heap-inuse": "heap",
  "peak-heap-alloc": "heap",
  "peak-heap-live": "live",
  "peak-stacks": "stacks",
  goroutines: "goroutines",
};

/** Figures that are levels, by what they are levels of. */
const LEVELS: Readonly<Record<string, (facts: Facts) => ReturnType<Facts["series"]>>> = {
  "peak-rss": (facts) => facts.rss,
  "final-rss": (facts) => facts.rss,
  "mean-rss": (facts) => facts.rss,
  "peak-heap-inuse": (facts) => facts.series("heap_inuse"),
  "peak-heap-live": (facts) => facts.series("heap_live"),
  "peak-heap-alloc": (facts) => facts.series("heap_alloc"),
  "peak-stacks": (facts) => facts.series("stack_inuse"),
  goroutines: (facts) => facts.series("goroutines"),
};

/** Figures of the last moment, by what they are of. */
const AT_THE_END: Readonly<Record<string, (facts: Facts) => ReturnType<Facts["series"]>>> = {
  "final-rss": (facts) => facts.rss,
  "free-final": (facts) => facts.free(),
  "released-final": (facts) => facts.series("heap_released"),
  // A share: it moves as what it is a share of does.
  returned: (facts) => facts.free(),
  occupancy: (facts) => facts.series("heap_alloc"),
};

/** Each part in the stretch around a moment. */
function partSpreads(facts: Facts, moment: "peak" | "end"): Map<string, Spread> {
  const moments = momentsAround(facts, moment);
  const values = new Map<string, number[]>();
  for (const [k, t] of moments.entries()) {
    for (const { id, bytes } of ledgerAt(facts, "at", t)?.parts ?? []) {
      let own = values.get(id);
      if (!own) {
        // A part that is not listed is 0.
        own = new Array<number>(moments.length).fill(0);
        values.set(id, own);
      }
      own[k] = bytes;
    }
  }
  return new Map([...values].map(([id, own]) => [id, spreadOf(own)!]));
}

function settingsOf(a: Facts, b: Facts): SettingDifference[] {
  const out: SettingDifference[] = [];
  const add = (name: SettingDifference["name"], x: string | null, y: string | null) => {
    if (x !== null && y !== null && x !== y) out.push({ name, a: x, b: y });
  };
  const va = a.version;
  const vb = b.version;
  const bothKnown = va.minors.length > 0 && vb.minors.length > 0;
  const inCommon = va.minors.some((minor) => vb.minors.includes(minor));
  if ((bothKnown && !inCommon) || (va.patch !== null && vb.patch !== null)) add("Go version", va.text, vb.text);
  const [ga, gb] = [gogcOf(a), gogcOf(b)];
  if (ga !== null && gb !== null && !sameGogc(ga, gb)) add("GOGC", text(ga), text(gb));
  const limit = ({ settings }: Facts) =>
    settings.memoryLimitKnown ? (settings.memoryLimit === null ? "off" : String(settings.memoryLimit)) : null;
  add("GOMEMLIMIT", limit(a), limit(b));
  const page = ({ settings }: Facts) => (settings.physPageSize === null ? null : String(settings.physPageSize));
  add("page size", page(a), page(b));
  add("operating system", a.settings.os, b.settings.os);
  return out;
}

/** GOGC as set, as goals of a log show it, or as goals over time do where the live heap is known. */
function gogcOf(facts: Facts): { readonly value: number | "off"; readonly exact: boolean } | null {
  if (facts.settings.gogc !== null) return { value: facts.settings.gogc, exact: true };
  if (facts.gogc !== null) return { value: facts.gogc, exact: false };
  const live = facts.series("heap_live");
  const goal = facts.series("next_gc");
  if (!live || !goal || live.length < 8 || live.max < 16 * 2 ** 20) return null;
  const ratios = live.t
    .map((t, i) => (goal.at(t) / live.v[i]! - 1) * 100)
    .filter((ratio, i) => live.v[i]! > live.max / 4 && Number.isFinite(ratio) && ratio > 0);
  if (ratios.length < 8) return null;
  const value = median(ratios);
  // Goals that a memory limit makes keep no ratio.
  const off = median(ratios.map((ratio) => Math.abs(ratio - value)));
  return off > SAME_GOGC * value ? null : { value: Math.round(value), exact: false };
}

type Gogc = NonNullable<ReturnType<typeof gogcOf>>;

function sameGogc(a: Gogc, b: Gogc): boolean {
  if (a.value === "off" || b.value === "off" || (a.exact && b.exact)) return a.value === b.value;
  return Math.abs(a.value - b.value) <= SAME_GOGC * Math.max(a.value, b.value);
}

const text = ({ value, exact }: Gogc) => `${exact ? "" : "about "}${value}`;

function difference(a: number | null, b: number | null, small: number, share: number): Difference {
  if (a === null || b === null) return { a, b, delta: null, noise: false };
  const delta = b - a;
  return { a, b, delta, noise: Math.abs(delta) <= Math.max(small, share * Math.max(Math.abs(a), Math.abs(b))) };
}

/** The load differs so that figures must be held against it. */
export function loadDiffers({ loadRatio }: Pick<Comparison, "loadRatio">): boolean {
  return loadRatio !== null && Math.abs(Math.log(loadRatio)) > SAME_LOAD;
}
