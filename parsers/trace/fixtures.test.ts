import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openInput } from "../open.ts";
import { collect, counts } from "../testing/collect.ts";

const fixtures = join(import.meta.dirname, "../../fixtures");

async function read(path: string, options = {}) {
  const source = await openInput(join(fixtures, path), options);
  const events = await collect(source);
  return { events, n: counts(events), info: source.info, losses: source.losses.toJSON() };
}

// The counts are those of Go's own reader: conformance/trace-differential compares every event.
describe("recordings of real programs", () => {
  it("of 1.27 with every allocation", async () => {
    const { n, info, losses } = await read("bursts-1.27/trace.out");
    expect(losses).toEqual({});
    expect(n).toMatchObject({
      "span-live": 60,
      "span-alloc": 3511,
      "span-free": 3425,
      "object-live": 327,
      "object-alloc": 15408,
      "object-free": 11958,
      "stack-live": 5,
      "stack-alloc": 13,
      "stack-free": 8,
      "gc-start": 29,
      "gc-mark-termination": 29,
      "gc-sweep-done": 29,
      "heap-live": 4204,
    });
    expect(info).toMatchObject({
      goVersion: null,
      goVersions: ["1.26", "1.27"],
      evidence: "exact",
      hasAddresses: true,
      procs: 2,
      pageSize: 8192,
    });
  });

  it.each([
    ["bursts-1.23", ["1.23", "1.24"], 3337, 3277],
    ["bursts-1.25", ["1.25"], 3607, 3520],
    ["cache-1.27", ["1.26", "1.27"], 8476, 7774],
  ])("%s", async (name, versions, alloc, free) => {
    const { n, info, losses } = await read(`${name}/trace.out.gz`);
    expect(losses).toEqual({});
    expect(info.goVersions).toEqual(versions);
    expect([n["span-alloc"], n["span-free"]]).toEqual([alloc, free]);
  });

  it.each([
    ["bursts-1.22-plain", 24, 4669],
    ["bursts-1.27-plain", 29, 4206],
    ["cache-1.25-plain", 16, 16130],
  ])("%s, without addresses", async (name, gcs, live) => {
    const { n, info, losses } = await read(`${name}/trace.out.gz`);
    expect(losses).toEqual({});
    expect(info).toMatchObject({ hasAddresses: false, evidence: "inferred", minHeapAddr: null, procs: 2 });
    expect([n["gc-start"], n["gc-mark-termination"], n["gc-sweep-done"]]).toEqual([gcs, gcs, gcs]);
    expect(n["heap-live"]).toBe(live);
    expect(n["span-alloc"]).toBeUndefined();
  });

  it("have their time zero at the return of trace.Start", async () => {
    for (const path of ["bursts-1.27/trace.out", "bursts-1.25/trace.out.gz", "bursts-1.22-plain/trace.out.gz"]) {
      const { events, info } = await read(path, { objects: false });
      const notes = events.filter(({ kind }) => kind === "note");
      expect(notes.length).toBe(2);
      for (const { t, aux } of notes) {
        const own = Number(/^gopages\.sync: (\d+)$/.exec(info.strings[aux]!)![1]);
        expect(t - own).toBeGreaterThan(0);
        expect(t - own).toBeLessThan(5e6);
      }
    }
  });

  it("never use a page twice", async () => {
    for (const path of ["bursts-1.27/trace.out", "cache-1.27/trace.out.gz", "bursts-1.23/trace.out.gz"]) {
      const { events } = await read(path, { objects: false });
      const used = new Set<number>();
      let spans = 0;
      let last = -1;
      for (const { kind, addr, size } of events) {
        if (kind === "span-live") {
          expect(addr).toBeGreaterThan(last);
          last = addr;
        }
        if (kind === "span-live" || kind === "span-alloc") {
          spans++;
          for (let page = addr / 8192; page < addr / 8192 + size; page++) {
            expect(used.has(page)).toBe(false);
            used.add(page);
          }
        } else if (kind === "span-free") {
          expect(size).toBeGreaterThan(0);
          for (let page = addr / 8192; page < addr / 8192 + size; page++) expect(used.delete(page)).toBe(true);
        }
      }
      expect(spans).toBeGreaterThan(3000);
    }
  });

  it("have samples beside them that see what the trace sees", async () => {
    const { events } = await read("bursts-1.27/trace.out", { objects: false });
    let pages = 0;
    const inUse: [number, number][] = [];
    for (const { kind, t, size, aux } of events) {
      if (aux < 0) continue;
      if (kind === "span-live" || kind === "span-alloc") pages += size;
      else if (kind === "span-free") pages -= size;
      inUse.push([t, pages * 8192]);
    }
    const [header, ...rows] = readFileSync(join(fixtures, "bursts-1.27/samples.csv"), "utf8").trim().split("\n");
    const column = header!.split(",").indexOf("heap_inuse");
    let at = 0;
    let off = 0;
    for (const row of rows) {
      const cells = row.split(",").map(Number);
      while (at + 1 < inUse.length && inUse[at + 1]![0] <= cells[0]!) at++;
      if (Math.abs(inUse[at]![1] - cells[column]!) > 2e6) off++;
    }
    // Spans change hands within the instants between a sample's time and its reading.
    expect(off / rows.length).toBeLessThan(0.05);
  });
});
