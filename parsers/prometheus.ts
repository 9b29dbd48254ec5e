/**
 * Prometheus: scrapes of /metrics (the text format, OpenMetrics too), one or many one after the other, with timestamps of
 * their own or with the date between them; and answers of its HTTP API (range and instant queries), one or several.
 */

import { epochMs, lineTime } from "./clock-text.ts";
import { headText } from "./detect.ts";
import { InputError } from "./errors.ts";
import type { EventSource } from "./event-source.ts";
import type { ByteSource, Format } from "./format.ts";
import { isRecord, jsonDocuments } from "./json-documents.ts";
import { Losses, type LossKind } from "./losses.ts";
import { metricNumber, SampleSet } from "./prometheus-series.ts";
import { readText } from "./read-whole.ts";
import { textLines } from "./text-lines.ts";

const DAMAGED_LINE: LossKind = {
  name: "damaged-lines",
  severity: "data-loss",
  meaning: "samples that can't be read were left out",
};
const DAMAGED_JSON: LossKind = {
  name: "damaged-json",
  severity: "data-loss",
  meaning: "JSON that is cut off or damaged was left out",
};
const NAMELESS: LossKind = {
  name: "nameless-series",
  severity: "data-loss",
  meaning: "series without a metric name (the query applied a function) were left out; query the metric itself",
};

const KNOWN_LINE = /^(?:\{__name__=")?(?:go_|process_|container_)\w+"?[{ ,]/m;
const EXPOSITION = /^# (?:HELP|TYPE|UNIT) [A-Za-z_:][\w:.]* /m;

export const prometheus: Format = {
  id: "prometheus",
  title: "Prometheus scrape or query",
  gives: "RSS and the runtime's statistics over time, as monitoring has them",
  record:
    "curl -s HOST/metrics > scrape.prom, or curl -sG PROMETHEUS/api/v1/query_range --data-urlencode " +
    '\'query={__name__=~"go_memstats_.*|process_resident_memory_bytes",instance="..."}\' -d start=... -d end=... -d step=15',
  evidence: "exact",
  detect(head) {
    const text = headText(head, 65536);
    const start = text.trimStart();
    if (/^[[{]/.test(start) && !start.startsWith("{__name__")) {
      if (/"resultType"\s*:\s*"(matrix|vector)"/.test(start.slice(0, 4096))) return 1;
      return /^\{\s*"status"\s*:\s*"(success|error)"/.test(start) && /"(data|errorType)"\s*:/.test(start.slice(0, 4096))
        ? 0.7
        : 0;
    }
    if (KNOWN_LINE.test(text)) return EXPOSITION.test(text) ? 1 : 0.9;
    return EXPOSITION.test(text) ? 0.6 : 0;
  },
  open(bytes) {
    const start = headText(bytes.head).trimStart();
    return /^[[{]/.test(start) && !start.startsWith("{__name__") ? openQuery(bytes) : openScrapes(bytes);
  },
};

/** Metric name, or "{" for one inside the braces. */
const NAME = /^\s*([A-Za-z_:][\w:]*)?\s*/;
const LABEL = /\s*([A-Za-z_][\w.]*|"(?:[^"\\]|\\.)*")\s*(?:=\s*"((?:[^"\\]|\\.)*)")?\s*(?:,|(?=\}))/y;
const VALUE =
  /^\s*([-+]?(?:\d[\d.]*(?:[eE][-+]?\d+)?|[iI]nf|NaN))(?:\s+(-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?))?\s*(?:#.*)?$/;

interface Sample {
  name: string;
  labels: Record<string, string>;
  value: number;
  /** As in the line, or NaN. */
  timestamp: number;
}

/** One line of the text format; null if it is none. */
export function parseSample(line: string): Sample | null {
  const start = NAME.exec(line)!;
  let name = start[1] ?? "";
  let at = start[0].length;
  const labels: Record<string, string> = Object.create(null);
  if (line[at] === "{") {
    at++;
    for (;;) {
      if (/^\s*\}/.test(line.slice(at, at + 8))) break;
      LABEL.lastIndex = at;
      const label = LABEL.exec(line);
      if (!label) return null;
      const key = label[1]!.startsWith('"') ? unquote(label[1]!.slice(1, -1)) : label[1]!;
      // A quoted string alone is the name (UTF-8 names of Prometheus 3).
      if (label[2] === undefined) name = key;
      else if (key === "__name__") name = unquote(label[2]);
      else labels[key] = unquote(label[2]);
      at = LABEL.lastIndex;
    }
    at = line.indexOf("}", at) + 1;
  }
  if (name === "") return null;
  const value = VALUE.exec(line.slice(at));
  if (!value) return null;
  return {
    name,
    labels,
    value: number(value[1]!),
    timestamp: value[2] === undefined ? Number.NaN : epochMs(Number(value[2])),
  };
}

function unquote(text: string): string {
  return text.includes("\\") ? text.replace(/\\(.)/g, (_, c: string) => (c === "n" ? "\n" : c)) : text;
}

function number(text: string): number {
  const inf = /^([-+]?)[iI]nf$/.exec(text);
  if (inf) return inf[1] === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return Number(text);
}

async function openScrapes(bytes: ByteSource): Promise<EventSource> {
  const losses = new Losses();
  const stamped = new SampleSet(bytes.path, losses, true);
  // Samples without a timestamp of their own are of the scrape that they stand in.
  const numbered = new SampleSet(bytes.path, losses, false);
  const times: number[] = [];
  let scrape = -1;
  let seen = new Set<string>();
  let time = Number.NaN;
  let count = 0;
  for await (const line of textLines(bytes)) {
    count++;
    if (line === "" || line.startsWith("#")) {
      // "# EOF" ends a scrape of OpenMetrics.
      if (line.startsWith("# EOF")) seen = new Set(["# EOF"]);
      else if (line !== "" && !EXPOSITION.test(line)) {
        const ms = lineTime(line.slice(1).trim());
        if (!Number.isNaN(ms)) {
          time = ms;
          seen = new Set(["# EOF"]);
        }
      }
      continue;
    }
    const first = NAME.exec(line)![1];
    const known = first === undefined ? -1 : metricNumber(first);
    if (first !== undefined && known < 0) {
      const ms = /^[A-Z]/.test(line) ? lineTime(line) : Number.NaN;
      if (!Number.isNaN(ms)) {
        time = ms;
        seen = new Set(["# EOF"]);
      }
      continue;
    }
    if (first === undefined && !line.trimStart().startsWith("{")) {
      const ms = lineTime(line);
      if (Number.isNaN(ms)) losses.add(DAMAGED_LINE, 1, `line ${count}`);
      else {
        time = ms;
        seen = new Set(["# EOF"]);
      }
      continue;
    }
    const sample = parseSample(line);
    if (!sample) {
      losses.add(DAMAGED_LINE, 1, `line ${count}`);
      continue;
    }
    const metric = metricNumber(sample.name);
    if (metric < 0) continue;
    if (!Number.isNaN(sample.timestamp)) {
      stamped.add(sample.timestamp, metric, stamped.process(metric, sample.labels), sample.value);
      continue;
    }
    // The same series again (or an end, or a time in between) is the next scrape.
    const process = numbered.process(metric, sample.labels);
    const key = `${metric} ${process}`;
    if (scrape < 0 || seen.has("# EOF") || seen.has(key)) {
      scrape++;
      times.push(time);
      time = Number.NaN;
      seen = new Set();
    }
    seen.add(key);
    numbered.add(scrape, metric, process, sample.value);
  }
  return stamped.length > numbered.length ? stamped.source(bytes) : numbered.source(bytes, times);
}

async function openQuery(bytes: ByteSource): Promise<EventSource> {
  const losses = new Losses();
  const { documents, damaged } = jsonDocuments(await readText(bytes), bytes.path);
  if (damaged > 0) losses.add(DAMAGED_JSON, damaged);
  const samples = new SampleSet(bytes.path, losses, true);
  const visit = (value: unknown, depth: number): void => {
    if (depth > 4) return;
    if (Array.isArray(value)) {
      for (const item of value) visit(item, depth + 1);
      return;
    }
    if (!isRecord(value)) return;
    if (value.status === "error") {
      throw new InputError(
        `${bytes.path}: Prometheus answered with an error (${String(value.error).slice(0, 200).replace(/\s+/g, " ")}); correct the query`,
      );
    }
    if (isRecord(value.metric)) series(value.metric, value, samples, losses);
    else if (value.data !== undefined) visit(value.data, depth + 1);
    else if (value.result !== undefined) visit(value.result, depth + 1);
  };
  visit(documents, 0);
  return samples.source(bytes);
}

function series(
  metric: Record<string, unknown>,
  value: Record<string, unknown>,
  samples: SampleSet,
  losses: Losses,
): void {
  const name = metric.__name__;
  if (typeof name !== "string") {
    losses.add(NAMELESS, 1, JSON.stringify(metric).slice(0, 200));
    return;
  }
  const known = metricNumber(name);
  if (known < 0) return;
  const labels: Record<string, string> = Object.create(null);
  for (const [key, label] of Object.entries(metric)) if (typeof label === "string") labels[key] = label;
  const process = samples.process(known, labels);
  const points = Array.isArray(value.values) ? value.values : value.value === undefined ? [] : [value.value];
  for (const point of points) {
    const time = Array.isArray(point) ? epochMs(Number(point[0])) : Number.NaN;
    const text: unknown = Array.isArray(point) ? point[1] : undefined;
    if (Number.isNaN(time) || (typeof text !== "string" && typeof text !== "number")) losses.add(DAMAGED_LINE, 1, name);
    else samples.add(time, known, process, number(String(text)));
  }
}
