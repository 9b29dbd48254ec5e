/** Sizes and times as people write and read them. Locale-free: a point is the decimal sign everywhere. */

const UNITS: Readonly<Record<string, number>> = {
  b: 1,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
};

/** Bytes that the text says ("512MiB", "1.5 GiB", "64KB", "4096"), or null if it is no size. */
export function parseSize(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)\s*([a-z]+)?$/i.exec(text.trim());
  if (!match) return null;
  const unit = UNITS[(match[2] ?? "b").toLowerCase()];
  if (unit === undefined) return null;
  const bytes = Number(match[1]) * unit;
  // 0.1 MiB is not a whole number of bytes: take the nearest. A fraction of a byte is no size.
  if (unit === 1 && !Number.isInteger(bytes)) return null;
  const whole = Math.round(bytes);
  return Number.isSafeInteger(whole) ? whole : null;
}

const BINARY = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"] as const;

/** About three significant digits: "0 B", "512 B", "8.00 KiB", "13.4 MiB", "132 MiB", "1.21 GiB"; "-3.20 MiB". */
export function formatBytes(bytes: number): string {
  if (Number.isNaN(bytes)) return "?";
  if (!Number.isFinite(bytes)) return bytes > 0 ? "no limit" : "-no limit";
  const sign = bytes < 0 ? "-" : "";
  let value = Math.abs(bytes);
  let unit = 0;
  // 1023.9 KiB would round to 1024 KiB: such a value belongs to the next unit.
  while (unit < BINARY.length - 1 && Math.round(value) >= 1024) {
    value /= 1024;
    unit++;
  }
  return `${sign}${unit === 0 ? Math.round(value) : digits(value)} ${BINARY[unit]}`;
}

function digits(value: number): string {
  if (value < 9.995) return value.toFixed(2);
  if (value < 99.95) return value.toFixed(1);
  return value.toFixed(0);
}

/** "+13.4 MiB", "-3.20 MiB", "0 B". */
export function formatDelta(bytes: number): string {
  return bytes > 0 ? `+${formatBytes(bytes)}` : formatBytes(bytes);
}

/** How far a figure may be off: "+-3.00 MiB", "-2.00/+5.00 MiB", "-512 KiB/+5.00 MiB", "none". */
export function formatMargin({ below, above }: { readonly below: number; readonly above: number }): string {
  if (!(below > 0) && !(above > 0)) return "none";
  if (below === above) return `+-${formatBytes(above)}`;
  const down = `-${formatBytes(below)}`;
  const up = `+${formatBytes(above)}`;
  const unit = up.slice(up.indexOf(" "));
  return down.endsWith(unit) ? `${down.slice(0, -unit.length)}/${up}` : `${down}/${up}`;
}

/** A length or a moment: "0 s", "350 ns", "1.20 us", "13.4 ms", "3.21 s", "2 min 05 s", "1 h 02 min". */
export function formatDuration(ns: number): string {
  if (!Number.isFinite(ns)) return "?";
  if (ns < 0) return `-${formatDuration(-ns)}`;
  if (ns === 0) return "0 s";
  if (ns < 1e3) return `${Math.round(ns)} ns`;
  if (ns < 1e6) return `${digits(ns / 1e3)} us`;
  if (ns < 1e9) return `${digits(ns / 1e6)} ms`;
  const seconds = ns / 1e9;
  if (seconds < 59.95) return `${digits(seconds)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
  return `${Math.floor(whole / 3600)} h ${String(Math.floor((whole % 3600) / 60)).padStart(2, "0")} min`;
}

/** A moment with as many decimals as tell columns `step` ns apart from each other: "3.2 s", "3.2150 s". */
export function formatMoment(t: number, step: number): string {
  const seconds = t / 1e9;
  const decimals = step > 0 ? Math.min(9, Math.max(0, Math.ceil(-Math.log10(step / 1e9)))) : 3;
  if (seconds < 60 || decimals > 1) return `${seconds.toFixed(Math.max(1, decimals))} s`;
  return formatDuration(t);
}

/** A fraction as per cent: "<0.1 %", "0.4 %", "12 %", "100 %". */
export function formatPercent(fraction: number): string {
  if (!Number.isFinite(fraction)) return "?";
  const percent = fraction * 100;
  // 99.97 % of a million is not all of it.
  if (fraction < 1 && percent >= 99.95) return ">99.9 %";
  if (percent !== 0 && Math.abs(percent) < 0.05) return percent > 0 ? "<0.1 %" : ">-0.1 %";
  return `${Math.abs(percent) < 9.95 || (percent > 99 && percent < 100) ? percent.toFixed(1).replace(/\.0$/, "") : percent.toFixed(0)} %`;
}

/** A count with thin grouping that no locale changes: "1 234 567". */
export function formatCount(count: number): string {
  return String(Math.round(count)).replace(/\B(?=(\d{3})+$)/g, " ");
}
