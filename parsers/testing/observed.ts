import { readFileSync } from "node:fs";
import { detect } from "../detect.ts";
import { OBSERVATION, OBSERVATIONS, PROCS } from "../events.ts";
import type { CompanionSource } from "../observation-source.ts";
import { isCompanion } from "../observation-source.ts";
import { FORMATS } from "../registry.ts";
import { bytesSource } from "../source.ts";

/** Bytes of a fixture, by its path below fixtures/. */
export const fixture = (name: string): Buffer => readFileSync(new URL(`../../fixtures/${name}`, import.meta.url));

/** Opens bytes as the format that their content says. */
export async function openBytesAs(
  content: string | Uint8Array,
  path = "input",
  pieceBytes = 1000,
): Promise<CompanionSource> {
  const bytes = await bytesSource(typeof content === "string" ? Buffer.from(content) : content, path, pieceBytes);
  const format = detect(bytes.head, FORMATS);
  if (!format) throw new Error(`${path}: of no known format`);
  const source = await format.open(bytes, {});
  if (!isCompanion(source)) throw new Error(`${path}: taken for ${source.format}`);
  return source;
}

/** One moment's observations by name; t in ns. */
export type Row = Record<string, number>;

export async function rowsOf(source: CompanionSource): Promise<Row[]> {
  const rows: Row[] = [];
  let last = Number.NEGATIVE_INFINITY;
  for await (const batch of source.batches()) {
    for (let i = 0; i < batch.length; i++) {
      const t = batch.time[i]!;
      if (t < last) throw new Error(`time goes back: ${t} after ${last}`);
      if (t > last) rows.push({ t });
      last = t;
      const name =
        batch.kind[i] === PROCS ? "procs" : batch.kind[i] === OBSERVATION ? OBSERVATIONS[batch.aux[i]!] : undefined;
      if (name === undefined) throw new Error(`event of kind ${batch.kind[i]}`);
      rows.at(-1)![name] = batch.size[i]!;
    }
  }
  return rows;
}

/** Rows of an input and the format that it was taken for. */
export async function observe(content: string | Uint8Array, path?: string) {
  const source = await openBytesAs(content, path);
  return { source, format: source.format, rows: await rowsOf(source), losses: source.losses.toJSON() };
}
