/** How the heap map is looked at. */

/** From the whole address space to the spans of a chunk. */
export const LEVELS = ["space", "arena", "chunk", "spans"] as const;
export type Level = (typeof LEVELS)[number];

/** What the cells tell: states of pages, which chunks are dense, where huge pages can be, how full spans are. */
export const SHOWN = ["pages", "dense", "huge", "fill"] as const;
export type Shown = (typeof SHOWN)[number];

export interface HeapLook {
  readonly level: Level;
  /** Page number (address / 8192) that is chosen; null before any was. */
  readonly page: number | null;
  readonly shown: Shown;
  /** 1 while time runs, -1 while it runs back. */
  readonly play: -1 | 0 | 1;
  /** Recorded time in a second of playback, in seconds; null until it is chosen, then as fits the stretch that is shown. */
  readonly speed: number | null;
}

export const INITIAL_LOOK: HeapLook = { level: "space", page: null, shown: "pages", play: 0, speed: null };

/** 1, 2 and 5 times powers of ten, as people count speeds. */
const SPEEDS: readonly number[] = Array.from({ length: 11 }, (_, i) => i - 6).flatMap((power) =>
  [1, 2, 5].map((digit) => Number(`${digit}e${power}`)),
);
/** A stretch is played in about this long, s. */
const PLAY_S = 20;

/** The speed at which a stretch of `ns` is played when none was chosen. */
export function speedFor(ns: number): number {
  const wanted = ns / 1e9 / PLAY_S;
  return SPEEDS.find((speed) => speed >= wanted) ?? SPEEDS.at(-1)!;
}

/** The next speed up or down. */
export function nextSpeed(speed: number, by: 1 | -1): number {
  const i = SPEEDS.findIndex((other) => other >= speed * 0.999);
  return SPEEDS[Math.min(SPEEDS.length - 1, Math.max(0, (i < 0 ? SPEEDS.length : i) + by))]!;
}

/** "2x", "1/500x". */
export function speedText(speed: number): string {
  return speed >= 1 ? `${speed}x` : `1/${Math.round(1 / speed)}x`;
}
