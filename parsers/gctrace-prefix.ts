/**
 * What a log says around a runtime's line: when it was written, and who wrote it. Collectors put a time, a stream, a
 * container or unit before the line (docker, kubernetes, journald, syslog), or wrap it in JSON.
 */

const DAY = 86_400_000;
/** 1972, the year that stands for all, has 366 days. */
const YEAR = 366 * DAY;

export interface Context {
  /** ms since the epoch; NaN if the line has no time. Without a zone in the log: as if it were UTC. */
  wall: number;
  /** What the log's clock resolves, ms. */
  resolution: number;
  /** 0 for a whole date; else ms after which the log's times begin anew (no year, no day): only differences count. */
  period: number;
  /** What stands before the line, but for times and counters: the same for all lines of a process. */
  before: string;
  /** The same of what stands behind it (JSON). */
  behind: string;
}

const MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec";
const CLOCK = String.raw`(\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?`;
/** 2024-05-01T10:00:00.123456789Z, 2024-05-01 10:00:00,123 +0200, 2024/05/01 10:00:00 (Go's log package). */
const DATED = new RegExp(String.raw`(\d{4})[-/](\d\d)[-/](\d\d)[T ]${CLOCK} ?(Z|UTC|[+-]\d\d:?\d\d)?`, "g");
/** May  1 10:00:00 (syslog, journald). */
const SYSLOG = new RegExp(String.raw`\b(${MONTHS}) {1,2}(\d{1,2}) ${CLOCK}`, "g");
/** I0501 10:00:00.123456 (klog). */
const KLOG = new RegExp(String.raw`\b[IWEF](\d\d)(\d\d) ${CLOCK}`, "g");
const TIME_OF_DAY = new RegExp(CLOCK, "g");
/** A time in numbers, by key (JSON, logfmt): s, ms, us or ns since the epoch. */
const EPOCH =
  /["']?\b(?:ts|time|timestamp|epoch|@timestamp|__REALTIME_TIMESTAMP|_SOURCE_REALTIME_TIMESTAMP)["']?\s*[:=]\s*"?(\d{10,19}(?:\.\d{1,9})?)/g;
/** A time alone at the very beginning: s or ms since the epoch, as `ts '%.s'` or a shell's `date +%s` write it. */
const BARE_EPOCH = /^\[?(\d{10}(?:\.\d{1,9})?|\d{13})\]?(?=\s)/;

const NOTHING: Context = Object.freeze({ wall: Number.NaN, resolution: 0, period: 0, before: "", behind: "" });

/** What the text before and behind a runtime's line says. */
export function readContext(before: string, behind: string): Context {
  // Only what is wrapped (JSON, quotes) has something behind it that matters.
  const wrapped = behind.search(/["\\]/);
  if (before === "" && wrapped < 0) return NOTHING;
  const context = { ...NOTHING };
  // The last time before the line is the one written nearest to its origin.
  context.before = withoutCounters(takeTimes(before, context));
  if (wrapped >= 0) {
    const clock = { ...context };
    context.behind = withoutCounters(takeTimes(behind.slice(wrapped), clock));
    const known = !Number.isNaN(context.wall) && context.period === 0;
    if (!known && !Number.isNaN(clock.wall)) {
      context.wall = clock.wall;
      context.resolution = clock.resolution;
      context.period = clock.period;
    }
  }
  return context;
}

/** Text without its times; the last of them goes into `context`. */
function takeTimes(text: string, context: Context): string {
  // A time has digits and a colon, or is a long number: most texts without either need no closer look.
  if (!/\d\d:\d\d|\d{10}/.test(text)) return text;
  let left = text.replace(DATED, (_, year, month, day, hour, minute, second, fraction, zone) => {
    let offset = 0;
    if (zone !== undefined && zone !== "Z" && zone !== "UTC") {
      offset = Number(`${zone[0]}1`) * (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2)));
    }
    setTime(context, Date.UTC(+year, month - 1, +day, +hour, +minute, +second) - offset * 60_000, fraction, 0);
    return "@";
  });
  left = left.replace(EPOCH, (all, number: string) => {
    const [whole, fraction] = number.split(".") as [string, string | undefined];
    const digits = whole.length;
    const scale = digits <= 11 ? 1e3 : digits <= 14 ? 1 : digits <= 17 ? 1e-3 : 1e-6;
    context.wall = Number(number) * scale;
    context.resolution = fraction === undefined ? scale : scale / 10 ** fraction.length;
    context.period = 0;
    return all.slice(0, all.length - number.length);
  });
  left = left.replace(BARE_EPOCH, (_, number: string) => {
    context.wall = Number(number) * (number.length === 13 ? 1 : 1e3);
    context.resolution = number.length === 13 ? 1 : 1e3 / 10 ** (number.split(".")[1]?.length ?? 0);
    context.period = 0;
    return "@";
  });
  const known = !Number.isNaN(context.wall);
  const undated = (month: number, day: string, h: string, m: string, s: string, fraction: string | undefined) => {
    if (!known) setTime(context, Date.UTC(1972, month, +day, +h, +m, +s), fraction, YEAR);
    return "@";
  };
  left = left.replace(SYSLOG, (_, name, day, h, m, s, fraction) =>
    undated(MONTHS.split("|").indexOf(name), day, h, m, s, fraction),
  );
  left = left.replace(KLOG, (_, month, day, h, m, s, fraction) => undated(month - 1, day, h, m, s, fraction));
  return left.replace(TIME_OF_DAY, (_, h, m, s, fraction) => {
    if (Number.isNaN(context.wall)) setTime(context, Date.UTC(1970, 0, 1, +h, +m, +s), fraction, DAY);
    return "@";
  });
}

function setTime(context: Context, ms: number, fraction: string | undefined, period: number): void {
  context.wall = ms + (fraction === undefined ? 0 : Number(`0.${fraction}`) * 1e3);
  context.resolution = fraction === undefined ? 1e3 : 1e3 / 10 ** fraction.length;
  context.period = period;
}

/**
 * Numbers that stand alone (line numbers, sequence numbers, offsets) differ from line to line; those that belong to a
 * name or a pid (app-2, app[71]) do not. Kubernetes tags a line that it split "P" and its last part "F".
 */
function withoutCounters(text: string): string {
  return text
    .replace(/(^|[\s:,=[])\d+(?:\.\d+)?(?=$|[\s:,}])/g, "$1#")
    .replace(/\[ *\d+\.\d+\]/g, "#")
    .replace(/(std(?:err|out)) P /g, "$1 F ");
}
