/**
 * GOGC and the memory limit as the recorded heap goals show them. No trace or log tells either, but the goal after each
 * mark follows from them (runtime/mgcpacer.go):
 *
 *     goal = marked + (marked + roots) * GOGC/100      roots = stacks and globals, from Go 1.18 on; 0 before
 *     goal = 4 MiB * GOGC/100                           at least
 *     goal = what the memory limit leaves to the heap   at most, and never below marked (Go 1.19)
 */
import { median } from "./learned.ts";
import { HEAP_MINIMUM } from "./pacer.ts";

/** One cycle's outcome, bytes. */
export interface GoalAfterMark {
  readonly marked: number;
  readonly goal: number;
}

export interface SettingsFromGoals {
  /** GOGC in per cent; Infinity: the limit alone made the goals (GOGC=off, or so high that it never counted). Null: too few goals tell. */
  readonly gogc: number | null;
  /** Goals that the memory limit held down, and the highest of them (bytes): the heap that the limit leaves. Null without any. */
  readonly limit: { readonly cycles: number; readonly goal: number } | null;
}

const NOTHING: SettingsFromGoals = { gogc: null, limit: null };
const FIRST_WITH_ROOTS = 18;
const FIRST_WITH_LIMIT = 19;
const LEAST_POINTS = 3;
const LEAST_LIMITED = 2;
const MIB = 1 << 20;
/** Goals within this of the highest lie on one plateau. */
const PLATEAU = 0.03;
/** A goal this close to what was marked is one that a limit left no room for. */
const NO_ROOM = 0.03;
/** Values that people set; another one is taken only where the goals leave none of these possible. */
const USUAL = [
  5, 10, 15, 20, 25, 30, 40, 50, 60, 70, 75, 80, 90, 100, 120, 125, 150, 175, 200, 250, 300, 400, 500, 600, 800, 1000,
];
/** Roots that a program may well have: some MiB and a share of the marked heap. */
const ROOTS_BYTES = 4 * MIB;
const ROOTS_SHARE = 0.3;
/** Roots that vary by this share of the heap more than under another value speak against a GOGC. */
const CLEARLY = 0.04;
/** How far a goal may lie under its rule: figures are read at slightly different moments, logs round to MiB. */
const TOLERANCE = 0.02;

/**
 * @param points cycles in order; forced ones may be among them.
 * @param minor of Go 1.x.
 * @param rounding bytes by which each figure may be off: 0 for a trace, half a MiB for a log.
 */
export function settingsFromGoals(points: readonly GoalAfterMark[], minor: number, rounding = 0): SettingsFromGoals {
  const known = points.filter(({ marked, goal }) => marked > 0 && goal > 0 && Number.isFinite(goal));
  if (known.length < LEAST_POINTS) return NOTHING;
  const limited = minor >= FIRST_WITH_LIMIT ? onPlateau(known, rounding) : [];
  const free = known.filter((point) => !limited.includes(point));
  const gogc = percent(free, minor, rounding);
  if (gogc !== null && minor >= FIRST_WITH_LIMIT)
    limited.push(...free.filter((point) => isUnder(point, gogc, rounding)));
  if (limited.length === 0 || (gogc !== null && limited.length < LEAST_LIMITED)) return { gogc, limit: null };
  const limit = { cycles: limited.length, goal: Math.max(...limited.map(({ goal }) => goal)) };
  if (gogc !== null) return { gogc, limit };
  return {
    gogc: free.length < LEAST_POINTS && limited.length >= LEAST_POINTS ? Number.POSITIVE_INFINITY : null,
    limit,
  };
}

/** A goal well under what GOGC alone gives: only a limit makes such. */
function isUnder({ marked, goal }: GoalAfterMark, gogc: number, rounding: number): boolean {
  return marked > 16 * MIB && goal + 4 * rounding < marked * (1 + gogc / 100) * 0.93;
}

/**
 * The cycles whose goal the limit made: the highest goals, if they are one height for heaps of different sizes; and those
 * that it left no room for.
 */
function onPlateau(points: readonly GoalAfterMark[], rounding: number): GoalAfterMark[] {
  const highest = Math.max(...points.map(({ goal }) => goal));
  const noRoom = points.filter(
    ({ marked, goal }) => goal - marked < NO_ROOM * marked && marked > 16 * MIB && rounding * 8 < marked,
  );
  const plateau = points.filter((point) => point.goal >= highest * (1 - PLATEAU) && !noRoom.includes(point));
  const marks = plateau.map(({ marked }) => marked);
  const spread = Math.max(...marks) / Math.min(...marks);
  // The heap minimum is a plateau, too.
  const isMinimum =
    highest <= 40 * MIB && usual((highest * 100) / HEAP_MINIMUM, 0.005) !== null && Math.max(...marks) < highest;
  if (plateau.length >= LEAST_POINTS && spread > 1.3 && !isMinimum) return [...plateau, ...noRoom];
  return noRoom.length >= LEAST_POINTS ? [...noRoom, ...plateau.filter(({ marked, goal }) => goal < marked * 1.3)] : [];
}

/**
 * GOGC out of goals that no limit made. Several values fit where roots are not known: 100 is taken if it does, else the largest
 * usual one (the fewest roots), unless heaps of different sizes speak clearly for another.
 */
function percent(points: readonly GoalAfterMark[], minor: number, rounding: number): number | null {
  const large = points.filter(({ marked }) => marked >= Math.max(2 * MIB, 16 * rounding));
  const fitting = USUAL.map((gogc) => roomFor(large, gogc, minor, rounding)).filter((one) => one !== null);
  const best = fitting.find(({ gogc }) => gogc === 100) ?? fitting.at(-1);
  if (!best) {
    const ratio = median(large.map(({ marked, goal }) => goal / marked - 1));
    const unusual = ratio === null ? null : roomFor(large, Math.round(ratio * 100), minor, rounding);
    return unusual?.gogc ?? atMinimum(points);
  }
  const clearest = fitting.reduce((a, b) => (b.spread < a.spread ? b : a));
  const doubt = CLEARLY + (4 * rounding) / (median(large.map(({ marked }) => marked)) ?? 1);
  return best.spread > doubt + 2 * clearest.spread ? clearest.gogc : best.gogc;
}

/** Whether this GOGC leaves possible roots, and how much those would vary, as a share of the heap; null if not. */
function roomFor(
  points: readonly GoalAfterMark[],
  gogc: number,
  minor: number,
  rounding: number,
): { gogc: number; spread: number } | null {
  if (gogc < 1) return null;
  const above = points.filter(({ marked, goal }) => goal > Math.max((HEAP_MINIMUM * gogc) / 100, marked + MIB) * 1.05);
  if (above.length < LEAST_POINTS) return null;
  const roots = above.map(({ marked, goal }) => ((goal - marked) * 100) / gogc - marked);
  const fits = above.filter(({ marked, goal }, i) => {
    const slack = ((TOLERANCE * goal + 2 * rounding) * 100) / gogc;
    const most = minor >= FIRST_WITH_ROOTS ? ROOTS_BYTES + ROOTS_SHARE * marked : 0;
    return roots[i]! >= -slack && roots[i]! <= most + slack;
  });
  if (fits.length < above.length * 0.8) return null;
  const middle = median(roots)!;
  const size = median(above.map(({ marked }) => marked))!;
  return { gogc, spread: median(roots.map((r) => Math.abs(r - middle)))! / size };
}

/** GOGC out of the smallest goal there is, where all goals are that. */
function atMinimum(points: readonly GoalAfterMark[]): number | null {
  const goal = median(points.map((point) => point.goal))!;
  const same = points.filter((point) => Math.abs(point.goal / goal - 1) < 0.01 && point.marked < goal);
  return same.length >= points.length / 2 ? usual((goal * 100) / HEAP_MINIMUM, 0.005) : null;
}

function usual(value: number, within: number): number | null {
  return USUAL.find((gogc) => Math.abs(value / gogc - 1) <= within) ?? null;
}
