import type { ColorLevel, Terminal } from "./terminal.ts";

/** What a piece of text is; how it looks follows from the terminal. Colour never carries a meaning by itself. */
export type Style =
  | "plain"
  | "title"
  | "dim"
  | "bold"
  | "inverse"
  | "warning"
  | "predicted"
  | "measured"
  | "band"
  | "released"
  | "gc"
  | "live"
  | "goal"
  | "limit"
  | "cursor"
  | "mark"
  | "inUse"
  | "cached"
  | "free"
  | "returned";

interface Look {
  /** SGR attributes that need no colour: 1 bold, 2 dim, 7 inverse. */
  readonly attribute?: number;
  /** Foreground of the 16 colours (SGR code), of the 256 palette, and as RGB. */
  readonly color?: readonly [sixteen: number, palette: number, rgb: readonly [number, number, number]];
}

// The hues are those of Okabe and Ito, which people with any common colour blindness can tell apart.
const SKY: Look["color"] = [96, 74, [86, 180, 233]];
const ORANGE: Look["color"] = [33, 214, [230, 159, 0]];
const GREEN: Look["color"] = [32, 36, [0, 158, 115]];
const VERMILION: Look["color"] = [91, 166, [213, 94, 0]];
const PURPLE: Look["color"] = [35, 175, [204, 121, 167]];
const YELLOW: Look["color"] = [93, 185, [240, 228, 66]];
const GRAY: Look["color"] = [90, 244, [128, 128, 128]];

const LOOKS: Record<Style, Look> = {
  plain: {},
  title: { attribute: 1 },
  dim: { attribute: 2 },
  bold: { attribute: 1 },
  inverse: { attribute: 7 },
  warning: { attribute: 1, color: VERMILION },
  predicted: { color: SKY },
  measured: { color: ORANGE },
  band: { color: GRAY },
  released: { color: GREEN },
  gc: { color: PURPLE },
  live: { color: YELLOW },
  goal: { color: PURPLE },
  limit: { attribute: 1, color: VERMILION },
  cursor: { attribute: 7 },
  mark: { attribute: 1, color: PURPLE },
  inUse: { color: SKY },
  cached: { color: PURPLE },
  free: { color: ORANGE },
  returned: { color: GREEN },
};

export type Paint = (text: string, style: Style) => string;

/** A painter for the terminal: the text itself where nothing can be shown. */
export function painter(terminal: Pick<Terminal, "color" | "attributes">): Paint {
  const prefixes = new Map<Style, string>();
  for (const [style, look] of Object.entries(LOOKS) as [Style, Look][]) {
    prefixes.set(style, prefix(look, terminal.color, terminal.attributes));
  }
  return (text, style) => {
    const start = prefixes.get(style)!;
    return start === "" || text === "" ? text : `${start}${text}\u001b[0m`;
  };
}

function prefix(look: Look, color: ColorLevel, attributes: boolean): string {
  const codes: (number | string)[] = [];
  if (look.attribute !== undefined && attributes) codes.push(look.attribute);
  if (look.color && color > 0) {
    const [sixteen, palette, rgb] = look.color;
    if (color === 1) codes.push(sixteen);
    else codes.push(color === 2 ? `38;5;${palette}` : `38;2;${rgb.join(";")}`);
  }
  return codes.length === 0 ? "" : `\u001b[${codes.join(";")}m`;
}
