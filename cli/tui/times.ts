const UNITS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  min: 60e9,
  h: 3600e9,
};

/** ns that the text says, with its unit ("12.5s", "350 ms", "2m"); null if it is no time. */
export function parseTime(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)\s*(ns|us|µs|ms|s|min|m|h)$/.exec(text.trim().toLowerCase());
  return match ? Number(match[1]) * UNITS[match[2]!]! : null;
}
