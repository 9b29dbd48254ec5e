/** What the screen shows of the model, as keys have it. */
export interface WatchView {
  /** The charts stand still at this moment (ms); null while they follow. */
  readonly pausedAt: number | null;
  /** Seconds that the charts show; null for all there is. */
  readonly seconds: number | null;
  readonly help: boolean;
}

export const FOLLOWING: WatchView = { pausedAt: null, seconds: null, help: false };

export const KEYS: readonly { keys: string; what: string }[] = [
  { keys: "p, Space", what: "hold the charts, and follow again (what comes is kept)" },
  { keys: "+ -", what: "show a shorter or a longer stretch of time" },
  { keys: "0", what: "show all of the window" },
  { keys: "?", what: "this help, and out of it" },
  { keys: "q, Ctrl-C", what: "end" },
  { keys: "Ctrl-Z", what: "give the terminal back until fg" },
];

const SHORTEST = 10;

/** The view after a key; "quit" and "suspend" are for the caller to do. Keys that mean nothing change nothing. */
export function press(
  view: WatchView,
  key: string,
  now: number,
  windowSeconds: number,
): WatchView | "quit" | "suspend" {
  const shown = view.seconds ?? windowSeconds;
  switch (key) {
    case "q":
    case "\x03":
      return "quit";
    case "\x1a":
      return "suspend";
    case "?":
      return { ...view, help: !view.help };
    case "\x1b":
      return { ...view, help: false };
    case "p":
    case " ":
      return { ...view, pausedAt: view.pausedAt === null ? now : null };
    case "+":
    case "=":
      return { ...view, seconds: Math.max(SHORTEST, shown / 2) };
    case "-":
      return { ...view, seconds: shown * 2 >= windowSeconds ? null : shown * 2 };
    case "0":
      return { ...view, seconds: null };
    default:
      return view;
  }
}
