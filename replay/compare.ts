/** Two runs side by side: ledgers by part, causes that came and went, figures; and which differences are more than noise. */
import { FIGURES, type FigureKind, type Figures, figuresOf } from "./budgets.ts";
import { collect, type DiagnoseOptions } from "./diagnose/collect.ts";
import { type CauseVerdict, type Diagnosis, diagnoseCollected } from "./diagnose/diagnose.ts";

/**
 * How far two runs of one program differ, measured on 14 runs of the lab's programs (the same command two or three times): peaks
 * of RSS by 1 to 7 %, counts of GCs by up to 11 %. A difference within this is no difference.
 */
export const NOISE = { peak: 0.07, end: 0.1, count: 0.11, other: 0.1 } as const;

/** Differences below this are noise, whatever their share: page caches, chunks of 4 MiB, thread stacks. */
const SMALL = 4 << 20;

export interface Difference {
  readonly a: number | null;
  readonly b: number | null;
  /** b - a; null when one is not known. */
  readonly delta: number | null;
  readonly noise: boolean;
}

export interface Comparison {
  readonly a: Diagnosis;
  readonly b: Diagnosis;
  /** b's length over a's; figures that grow with it are compared per second. */
  readonly durationRatio: number | null;
  /** b's allocated bytes a second over a's: the load, as far as memory sees it. null when not known. */
  readonly loadRatio: number | null;
  readonly figures: readonly (Difference & { readonly figure: FigureKind })[];
  readonly ledger: readonly {
    readonly moment: "peak" | "end";
    readonly parts: readonly (Difference & { readonly id: string; readonly label: string })[];
  }[];
  readonly causes: {
    readonly came: readonly CauseVerdict[];
    readonly went: readonly CauseVerdict[];
    readonly stayed: readonly (Difference & { readonly id: string; readonly title: string })[];
  };
}

export async function compare(
  a: readonly string[],
  b: readonly string[],
  options: DiagnoseOptions = {},
): Promise<Comparison> {
  const one = await load(a, options);
  const two = await load(b, options);
  return compareRuns(one, two);
}

export interface Run {
  readonly diagnosis: Diagnosis;
  readonly figures: Figures;
  /** Bytes allocated a second; null when not known. */
  readonly load: number | null;
}

export async function load(paths: readonly string[], options: DiagnoseOptions): Promise<Run> {
  const collected = await collect(paths, options);
  const diagnosis = diagnoseCollected(collected);
  const total = collected.series.get("total_alloc");
  const length = total && total.length > 1 ? (total.lastT - total.t[0]!) / 1e9 : 0;
  return {
    diagnosis,
    figures: figuresOf(collected, diagnosis),
    load: total && length > 0 ? (total.last - total.first) / length : null,
  };
}

export function compareRuns(one: Run, two: Run): Comparison {
  const { diagnosis: a } = one;
  const { diagnosis: b } = two;
  const known = new Set([...one.figures.keys(), ...two.figures.keys()]);
  const figures = FIGURES.filter(({ name }) => known.has(name) && name !== "duration").map((figure) => ({
    figure,
    ...difference(
      one.figures.get(figure.name) ?? null,
      two.figures.get(figure.name) ?? null,
      noiseOf(figure),
      figure.unit === "bytes" ? SMALL : 0,
    ),
  }));
  const ledger = (["peak", "end"] as const).map((moment) => {
    const pa = a.ledger.find((l) => l.moment === moment)?.parts ?? [];
    const pb = b.ledger.find((l) => l.moment === moment)?.parts ?? [];
    const ids = [...new Set([...pa, ...pb].map(({ id }) => id))];
    const rss = Math.max(sum(pa), sum(pb));
    return {
      moment,
      parts: ids.map((id) => {
        const x = pa.find((p) => p.id === id);
        const y = pb.find((p) => p.id === id);
        const d = difference(x?.bytes ?? 0, y?.bytes ?? 0, NOISE.other, SMALL);
        // A part may differ by as much as RSS itself does between two runs.
        return {
          id,
          label: (x ?? y)!.label,
          ...d,
          noise: d.noise || Math.abs(d.delta ?? 0) < (moment === "peak" ? NOISE.peak : NOISE.end) * rss * 0.5,
        };
      }),
    };
  });
  const presentIn = (d: Diagnosis) => d.causes.filter(({ verdict }) => verdict === "present");
  const inA = presentIn(a);
  const inB = presentIn(b);
  return {
    a,
    b,
    durationRatio: a.durationNs > 0 && b.durationNs > 0 ? b.durationNs / a.durationNs : null,
    loadRatio: one.load && two.load ? two.load / one.load : null,
    figures,
    ledger: ledger.filter(({ parts }) => parts.length > 0),
    causes: {
      came: inB.filter(({ id }) => !inA.some((c) => c.id === id)),
      went: inA.filter(({ id }) => !inB.some((c) => c.id === id)),
      stayed: inA.flatMap((c) => {
        const other = inB.find(({ id }) => id === c.id);
        return other ? [{ id: c.id, title: c.title, ...difference(c.bytes, other.bytes, NOISE.other, SMALL) }] : [];
      }),
    },
  };
}

function noiseOf({ name, unit }: FigureKind): number {
  if (name.startsWith("peak")) return NOISE.peak;
  if (unit === "count" || unit === "per-second") return NOISE.count;
  return name.endsWith("final") || name === "final-rss" ? NOISE.end : NOISE.other;
}

function difference(a: number | null, b: number | null, noise: number, small: number): Difference {
  if (a === null || b === null) return { a, b, delta: null, noise: false };
  const delta = b - a;
  return { a, b, delta, noise: Math.abs(delta) <= Math.max(small, noise * Math.max(Math.abs(a), Math.abs(b))) };
}

function sum(parts: readonly { readonly bytes: number }[]): number {
  return parts.reduce((total, { bytes }) => total + bytes, 0);
}
