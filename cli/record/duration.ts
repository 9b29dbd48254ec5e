const UNITS: Readonly<Record<string, number>> = { ms: 1e-3, s: 1, m: 60, min: 60, h: 3600 };

/** Seconds that "30s", "1m30s", "500ms" or "10" say; null if it is no duration. */
export function parseDuration(text: string): number | null {
  if (/^\d+(?:\.\d+)?$/.test(text)) return Number(text);
  if (!/^(?:\d+(?:\.\d+)?(?:ms|min|s|m|h))+$/.test(text)) return null;
  let seconds = 0;
  for (const [, value, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|min|s|m|h)/g))
    seconds += Number(value) * UNITS[unit!]!;
  return seconds;
}
