/**
 * Times in dumps that have none of their own: whoever dumps again and again usually writes the date between the dumps
 * (`date; cat ...` or `date +%s; curl ...`) or logs it before each line.
 */

/** ms since the epoch of a number that is one in s, ms, us or ns (told by its magnitude: 1973 to 2286), or NaN. */
export function epochMs(value: number): number {
  if (value >= 1e8 && value < 1e10) return value * 1e3;
  if (value >= 1e11 && value < 1e13) return value;
  if (value >= 1e14 && value < 1e16) return value / 1e3;
  if (value >= 1e17 && value < 1e19) return value / 1e6;
  return Number.NaN;
}

const EPOCH = /^#?\s*(\d{10}(?:\.\d+)?|\d{13}(?:\.\d+)?|\d{16}|\d{19})\s*$/;
const ISO = /^\W{0,3}(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?)\s*(Z|UTC|[+-]\d\d:?\d\d)?/;
/** Go's log package. */
const GO_LOG = /^(\d{4})\/(\d\d)\/(\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?)\b/;
/** date(1) in the C locale, Unix's and Go's long forms of it, and the date of HTTP. */
const DATE =
  /^(?:=+\s*)?((?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)(?: .{10,60}?\d{4}|, \d{1,2} \w{3} \d{4} \d\d:\d\d:\d\d(?: (?:GMT|UTC|[+-]\d{4}))?))(?!\d)/;

/** ms since the epoch if the line is a time, or begins with one; else NaN. Times without a zone are taken as UTC. */
export function lineTime(line: string): number {
  const c = line.charCodeAt(0);
  // Most lines are not: a time begins with a digit, a letter of a day's name or a mark.
  if (Number.isNaN(c) || line.length < 10) return Number.NaN;
  const epoch = EPOCH.exec(line);
  if (epoch) return epochMs(Number(epoch[1]));
  const iso = ISO.exec(line);
  if (iso) {
    const zone = iso[2] === undefined || iso[2] === "UTC" ? "Z" : iso[2].replace(/^([+-]\d\d)(\d\d)$/, "$1:$2");
    return Date.parse(iso[1]!.replace(" ", "T").replace(",", ".") + zone);
  }
  const log = GO_LOG.exec(line);
  if (log) return Date.parse(`${log[1]}-${log[2]}-${log[3]}T${log[4]}Z`);
  const date = DATE.exec(line);
  if (date) return Date.parse(`${date[1]}${/(UTC|GMT|[+-]\d{4})/.test(date[1]!) ? "" : " UTC"}`);
  return Number.NaN;
}
