import { stat } from "node:fs/promises";
import { type Diagnosis, diagnose } from "../../replay/diagnose/diagnose.ts";
import { type WhatIfRun, whatIf } from "../../replay/what-if.ts";
import { formatBytes, formatCount, formatPercent } from "../sizes.ts";
import type { Cause, ReportExtras } from "./report.ts";

/** Settings that a report shows side by side. */
const GOGC = [25, 50, 100, 200, 400];
/** Above this the program is not played again under other settings: a report should not take minutes. */
const MAX_WHATIF_BYTES = 64 << 20;
const WORDS: Record<Cause["verdict"], string> = {
  present: "present",
  "ruled-out": "ruled out",
  "not-enough-data": "not enough data",
};

/** Causes and other settings, where the inputs can be read once more and support them. */
export async function reportExtras(inputs: readonly string[]): Promise<ReportExtras> {
  if (inputs.some((path) => path === "-" || /^https?:/.test(path))) return {};
  const diagnosis = await supported(() => diagnose(inputs));
  const extras: ReportExtras = diagnosis === null ? {} : { causes: causesOf(diagnosis) };
  const sizes = await Promise.all(inputs.map((path) => stat(path)));
  const bytes = sizes.reduce((sum, { size }) => sum + size, 0);
  if (bytes > MAX_WHATIF_BYTES) {
    const note = `Not played for a recording of ${formatBytes(bytes)}, as it would take minutes: gopages whatif ${inputs.join(" ")} --gogc ${GOGC.join(",")}`;
    return { ...extras, whatIf: { columns: [], rows: [], note } };
  }
  const result = await supported(() => whatIf(inputs, { gogc: GOGC }));
  return result === null ? extras : { ...extras, whatIf: table([...result.runs]) };
}

/** null when the inputs can't answer this. */
async function supported<T>(ask: () => Promise<T>): Promise<T | null> {
  try {
    return await ask();
  } catch (error) {
    const name = error instanceof Error ? error.name : "";
    if (name === "UnsupportedError" || name === "InputError") return null;
    throw error;
  }
}

function causesOf({ causes }: Diagnosis): Cause[] {
  return causes.map(({ title, verdict, bytes, evidence, advice, capture }) => ({
    title,
    verdict,
    word: WORDS[verdict],
    bytes,
    evidence: evidence.map((fact) => fact.text),
    advice: advice === "" ? (capture ?? "") : advice,
  }));
}

function table(runs: WhatIfRun[]): NonNullable<ReportExtras["whatIf"]> {
  return {
    columns: ["GOGC", "peak RSS", "mean RSS", "GC cycles", "GC CPU", "peak may be off by"],
    rows: runs.map(({ config, summary, gcCpuShare, confidence }) => [
      String(config.gogc),
      formatBytes(summary.peakRss),
      formatBytes(summary.meanRss),
      formatCount(summary.gcCycles),
      formatPercent(gcCpuShare),
      formatPercent(confidence.peakRss),
    ]),
    curve: runs.map(({ config, summary, gcCpuShare }) => ({
      label: String(config.gogc),
      x: gcCpuShare,
      y: summary.peakRss,
    })),
  };
}
