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

/** What Go's own reader finds: conformance/trace-differential compares every event, and wrote these. */
const goCounts: Record<string, Record<string, number>> = JSON.parse(
  readFileSync(join(fixtures, "trace-counts.json"), "utf8"),
);

describe("recordings of real programs", () => {
  it.each([
    ["bursts-1.27/trace.out", ["1.26", "1.27"], 2],
    ["bursts-1.25/trace.out.gz", ["1.25"], 1],
    ["bursts-1.23/trace.out.gz", ["1.23", "1.24"], 2],
    ["cache-1.27/trace.out.gz", ["1.26", "1.27"], 1],
  ])("%s tells every allocation", async (path, goVersions, procs) => {
    const { n, info, losses } = await read(path);
    const { "gc-sweep-done": swept, ...same } = n;
    expect(losses).toEqual({});
    expect(same).toEqual(goCounts[path.split("/")[0]!]);
    expect(n["span-alloc"]).toBeGreaterThan(3000);
    expect(n["gc-mark-termination"]! - swept!).toBeOneOf([0, 1]);
    expect(info).toMatchObject({ goVersions, evidence: "exact", hasAddresses: true, procs, pageSize: 8192 });
  });

  it.each([
    ["bursts-1.22-plain", ["1.22"]],
    ["bursts-1.27-plain", ["1.26", "1.27"]],
    ["cache-1.25-plain", ["1.25"]],
  ])("%s has no addresses", async (name, goVersions) => {
    const { n, info, losses } = await read(`${name}/trace.out.gz`);
    const { "gc-sweep-done": swept, ...same } = n;
    expect(losses).toEqual({});
    expect(same).toEqual(goCounts[name]);
    expect(n["heap-live"]).toBeGreaterThan(3000);
    expect(n["gc-mark-termination"]! - swept!).toBeOneOf([0, 1]);
    expect(n["span-alloc"]).toBeUndefined();
    expect(info).toMatchObject({ goVersions, evidence: "inferred", hasAddresses: false, minHeapAddr: null, procs: 2 });
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
