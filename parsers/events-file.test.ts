import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { writeEvents } from "../cli/export/events.ts";
import { replay } from "../replay/run.ts";
import { eventsFile } from "./events-file.ts";
import { ColumnReader, ColumnWriter } from "./events-wire.ts";
import { openInput } from "./open.ts";
import { collect, openWith } from "./testing/collect.ts";

const fixtures = path.join(import.meta.dirname, "..", "fixtures");

async function exported(file: string): Promise<Buffer> {
  const source = await openInput(file);
  const pieces: Uint8Array[] = [];
  await writeEvents(source, {
    write: async (chunk) => {
      pieces.push(typeof chunk === "string" ? Buffer.from(chunk) : Uint8Array.from(chunk));
    },
  });
  await source.close();
  return Buffer.concat(pieces);
}

test.each([
  "bursts-1.25/trace.out.gz",
  "bursts-1.22-plain/trace.out.gz",
  "gctrace/go1.27.0-frag.log.gz",
  "pagetrace/go1.22.12.pagetrace.gz",
  "bursts-1.27/samples.csv",
])("%s: events, info and losses are read back exactly", async (name) => {
  const file = path.join(fixtures, name);
  const original = await openInput(file);
  const events = await collect(original);
  const bytes = await exported(file);
  const back = await openWith(eventsFile, bytes, { pieceBytes: 1000 });
  expect(await collect(back)).toEqual(events);
  expect([back.format, back.container]).toEqual([original.format, "events"]);
  expect(back.info).toEqual(original.info);
  expect([...back.losses]).toEqual([...original.losses]);
  await original.close();
});

test.each(["bursts-1.25", "bursts-1.27-plain"])("%s: the export replays as the original does", async (name) => {
  const folder = mkdtempSync(path.join(tmpdir(), "gopages-"));
  try {
    const file = path.join(fixtures, name, "trace.out.gz");
    const samples = path.join(fixtures, name, "samples.csv.gz");
    const copy = path.join(folder, "run.events");
    writeFileSync(copy, await exported(file));
    const [a, b] = [await replay([file, samples]), await replay([copy, samples])];
    expect(b.inputs[0]).toEqual({ ...a.inputs[0], path: copy, format: "events" });
    const named = (notes: typeof a.notes, from: string) => notes.map(({ text }) => text.replaceAll(from, "X"));
    expect(named(b.notes, copy)).toEqual(named(a.notes, file));
    for (const key of ["config", "summary", "placement", "accuracy", "timeline", "marks", "gcs", "partial"] as const) {
      expect(b[key]).toEqual(a[key]);
    }
    expect(b.ledgerPeak).toEqual(a.ledgerPeak);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("any column is read back bit by bit", () => {
  const value = fc.oneof(
    fc.double(),
    fc.maxSafeInteger(),
    fc.integer(),
    fc.constantFrom(0, -0, Infinity, NaN, 2 ** 52),
  );
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 50 }), (values) => {
      const writer = new ColumnWriter();
      writer.begin(values.length);
      writer.add(Float64Array.from(values), values.length);
      writer.add(Float64Array.of(...values.map(() => 7)), values.length);
      const reader = new ColumnReader(Buffer.from(writer.finish()));
      const back = new Float64Array(values.length);
      reader.read(back);
      for (const [i, v] of values.entries()) expect(Object.is(back[i], v)).toBe(true);
      reader.read(back);
      expect(back.every((v) => v === 7)).toBe(true);
    }),
  );
});

test("a file that breaks off is read up to there, and says so", async () => {
  const bytes = await exported(path.join(fixtures, "bursts-1.25/trace.out.gz"));
  const back = await openWith(eventsFile, bytes.subarray(0, Math.floor(bytes.length / 2)));
  const events = await collect(back);
  expect(events.length).toBeGreaterThan(1000);
  expect(back.losses.toJSON()).toEqual({ "truncated-events": 1 });
  expect(back.losses.partial).toBe(true);
});

test("damage of any byte is noticed, never a crash", async () => {
  const bytes = await exported(path.join(fixtures, "bursts-1.22-plain/trace.out.gz"));
  await fc.assert(
    fc.asyncProperty(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
      const damaged = Buffer.from(bytes);
      damaged[at]! ^= flip;
      if (eventsFile.detect(damaged) === 0) return;
      try {
        const back = await openWith(eventsFile, damaged);
        await collect(back);
        expect(back.losses.partial).toBe(true);
      } catch (error) {
        expect((error as Error).name).toBe("InputError");
      }
    }),
    { numRuns: 60 },
  );
});

test("other versions are refused", async () => {
  const bytes = Buffer.from(gunzipSync(Buffer.from(readFileSync(path.join(fixtures, "bursts-1.25/trace.out.gz")))));
  expect(eventsFile.detect(bytes)).toBe(0);
  const next = Buffer.from("gopages events\0\x02......");
  expect(eventsFile.detect(next)).toBe(1);
  await expect(openWith(eventsFile, next)).rejects.toThrow("events of version 2");
});
