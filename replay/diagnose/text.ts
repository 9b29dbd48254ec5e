/** Figures in the evidence of rules. (cli/ has its own table of formats; replay/ must not reach into it.) */

export const MiB = 2 ** 20;

export function mib(bytes: number): string {
  if (!Number.isFinite(bytes)) return "no limit";
  const value = bytes / MiB;
  return `${Math.abs(value) < 10 ? value.toFixed(1) : value.toFixed(0)} MiB`;
}

export function percent(fraction: number): string {
  return `${(fraction * 100).toFixed(Math.abs(fraction) < 0.1 ? 1 : 0)} %`;
}

export function seconds(ns: number): string {
  return `${(ns / 1e9).toFixed(Math.abs(ns) < 10e9 ? 1 : 0)} s`;
}
