import type { Format } from "./format.ts";
import { parseGctraceLine } from "./gctrace-line.ts";
import { parseScavLine } from "./scavtrace.ts";

/** A log whose first runtime line comes late is still one if nothing else knows it: text of some length. */
const TEXT_SCORE = 0.02;
const MIN_TEXT = 16 << 10;

export const gctrace: Format = {
  id: "gctrace",
  title: "log with GODEBUG=gctrace=1 (and scavtrace=1) lines",
  gives: "each GC's time, live heap, goal and CPU; with scavtrace=1 (scvg lines up to 1.13) what was returned",
  record: "GODEBUG=gctrace=1,scavtrace=1 ./program 2>gctrace.log",
  evidence: "modelled",
  detect(head) {
    if (hasRuntimeLine(head)) return 0.8;
    const text = Buffer.from(head).toString("latin1");
    // Control characters are in no log, but for those of tabs, ends of lines and colours.
    return head.length >= MIN_TEXT && text.includes("\n") && !/[^\t\n\r\x1b\x20-\xff]/.test(text) ? TEXT_SCORE : 0;
  },
  async open(bytes, options) {
    const { openGctrace } = await import("./gctrace.ts");
    return openGctrace(bytes, options);
  },
};

/** Whether one of the runtime's lines stands in these first bytes. */
export function hasRuntimeLine(head: Uint8Array): boolean {
  const text = Buffer.from(head).toString("latin1");
  if (!/gc \d+ @|sc(?:av |vg)/.test(text)) return false;
  return text.split("\n").some((line) => parseGctraceLine(line) !== null || parseScavLine(line) !== null);
}
