import type { VectorDriver, VectorLine } from "./driver.ts";
import { VectorError } from "./driver.ts";
import { kindFor } from "./registry.ts";

/** How a file went: operations checked, and the first divergence if there is one. */
export interface VectorResult {
  operations: number;
  divergence: { line: number; op: string; what: string } | null;
}

/** Replays the lines of a vector file up to the first divergence. Throws VectorError if it is no such file. */
export async function replayVectors(lines: AsyncIterable<string> | Iterable<string>): Promise<VectorResult> {
  let driver: VectorDriver | null = null;
  let number = 0;
  let operations = 0;
  for await (const text of lines) {
    number++;
    if (text.trim() === "") continue;
    try {
      const line = parse(text);
      if (line.op === "init") {
        driver = kindFor(line).create(line);
        continue;
      }
      if (driver === null) throw new VectorError("it does not begin with an init line");
      const what = driver.line(line);
      operations++;
      if (what !== null) return { operations, divergence: { line: number, op: String(line.op), what } };
    } catch (e) {
      if (e instanceof VectorError) throw new VectorError(`line ${number}: ${e.message}`);
      throw e;
    }
  }
  if (driver === null) throw new VectorError("it is empty");
  return { operations, divergence: null };
}

function parse(text: string): VectorLine {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new VectorError("it is not JSON");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new VectorError("it is not an object");
  return value as VectorLine;
}
