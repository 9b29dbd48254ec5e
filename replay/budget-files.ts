/** Files that budgets come from: gopages.budgets.json, and the figures of an earlier run. */
import { readFile } from "node:fs/promises";
import { InputError } from "../parsers/errors.ts";
import { fileError } from "../parsers/source.ts";
import { FIGURES, type Figures } from "./figures.ts";

/** What a budgets file may be, said where it is not. */
const SHAPE = 'write {"peak-rss": "512MiB", "placement": ">=99%", "goroutines": {"max": 500}}';

/**
 * Budgets as texts: {"peak-rss": "512MiB", "placement": ">=99%", "returned": {"min": "80%"}}, the same under "budgets", or a list of
 * texts. Throws InputError.
 */
export async function readBudgets(path: string): Promise<string[]> {
  const value = await readJson(path);
  const inner = isObject(value) && "budgets" in value ? value.budgets : value;
  const texts = Array.isArray(inner)
    ? inner.map((item) => (typeof item === "string" ? item : wrong(path, JSON.stringify(item))))
    : isObject(inner)
      ? Object.entries(inner).flatMap(([name, bound]) => textsOf(path, name, bound))
      : [];
  if (texts.length === 0) throw new InputError(`${path}: holds no budgets; ${SHAPE}`);
  return texts;
}

function textsOf(path: string, name: string, bound: unknown): string[] {
  if (name === "$schema") return [];
  if (typeof bound === "number") return [`${name}=${bound}`];
  if (typeof bound === "string") return [/^\s*[<>=]/.test(bound) ? `${name}${bound}` : `${name}=${bound}`];
  if (!isObject(bound)) wrong(path, name);
  const texts: string[] = [];
  for (const [key, value] of Object.entries(bound)) {
    const op = key === "max" ? "<=" : key === "min" ? ">=" : wrong(path, `${name}.${key}`);
    texts.push(typeof value === "string" || typeof value === "number" ? `${name}${op}${value}` : wrong(path, name));
  }
  return texts;
}

function wrong(path: string, what: string): never {
  throw new InputError(`${path}: ${what}: not a budget; ${SHAPE}`);
}

/**
 * Figures of an earlier run: what `check --json` or `diagnose --json` printed, a replay document, or {"peak-rss": 123, ...}. Returns
 * those that gopages knows. Throws InputError.
 */
export async function readBaseline(path: string): Promise<Figures> {
  const json = await readJson(path);
  const value = isObject(json) ? json : {};
  const out = new Map<string, number>();
  const from = (name: string, v: unknown) => {
    if (!out.has(name) && typeof v === "number" && Number.isFinite(v)) out.set(name, v);
  };
  for (const object of [value.figures, value])
    if (isObject(object)) for (const { name } of FIGURES) from(name, object[name]);
  const summary = isObject(value.summary) ? value.summary : {};
  from("peak-rss", summary.peakRss ?? value.rssPeak);
  from("final-rss", summary.finalRss ?? value.rssFinal);
  from("mean-rss", summary.meanRss);
  from("peak-heap-inuse", summary.peakHeapInuse);
  from("peak-heap-live", summary.peakHeapLive);
  from("gc-cycles", summary.gcCycles);
  if (out.size === 0)
    throw new InputError(`${path}: holds no figures; write it with: gopages check <inputs> --json > ${path}`);
  return out;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

async function readJson(path: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    throw fileError(path, error);
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new InputError(`${path}: is no JSON`);
  }
}
