import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { OBSERVATIONS } from "./events.ts";
import { samplesCsv } from "./samples-csv.ts";
import { collect, openWith } from "./testing/collect.ts";

async function read(text: string, pieceBytes = 1 << 16) {
  const bytes = new TextEncoder().encode(text);
  const score = samplesCsv.detect(bytes);
  const source = await openWith(samplesCsv, bytes, { pieceBytes });
  const events = await collect(source);
  return {
    score,
    events: events.map(({ t, aux, size }) => [t, OBSERVATIONS[aux], size]),
    losses: source.losses.toJSON(),
    source,
  };
}

describe("samples", () => {
  it("give one observation a cell", async () => {
    const { score, events, losses } = await read("t_ms,rss,heap_released\n1,4096,0\n2.5,8192,\n3,-1,77\r\n");
    expect(score).toBeGreaterThan(0.5);
    expect(events).toEqual([
      [1e6, "rss", 4096],
      [1e6, "heap_released", 0],
      [2.5e6, "rss", 8192],
      [3e6, "heap_released", 77],
    ]);
    expect(losses).toEqual({});
  });

  it("may have their time anywhere, in seconds or ns, and columns that are not known", async () => {
    expect((await read("rss,op,t_s\n5,1,2\n")).events).toEqual([[2e9, "rss", 5]]);
    const { events, losses } = await read('\ufeff"t_ns","RSS",what,ever\n7,5,x,y\n');
    expect(events).toEqual([[7, "rss", 5]]);
    expect(losses).toEqual({ "unknown-columns": 2 });
  });

  it("count what can't be used", async () => {
    const { events, losses, source } = await read("t_ns,rss\n1,10\nx,11\n2,zwei\n0,12\n3\n4,13,14\n\n5,15");
    expect(events).toEqual([
      [1, "rss", 10],
      [5, "rss", 15],
    ]);
    expect(losses).toEqual({ "bad-rows": 3, "bad-cells": 1, "unordered-rows": 1 });
    expect([...source.losses].find(({ kind }) => kind.name === "bad-cells")!.first).toBe("line 4");
  });

  it("are the same in any pieces", async () => {
    const text = `t_ns,rss,heap_alloc\n${Array.from({ length: 9000 }, (_, i) => `${i},${i * 2},${i * 3}\n`).join("")}`;
    const whole = (await read(text)).events;
    expect(whole.length).toBe(18_000);
    expect((await read(text, 13)).events).toEqual(whole);
  });

  it("need a time and a line's end", async () => {
    expect(samplesCsv.detect(new TextEncoder().encode("rss,heap_alloc\n1,2\n"))).toBe(0);
    expect(samplesCsv.detect(new TextEncoder().encode("t_ns,foo\n1,2\n"))).toBe(0);
    await expect(openWith(samplesCsv, new TextEncoder().encode("rss\n1\n"))).rejects.toThrow(
      /line 1: no column t_ns, t_ms or t_s/,
    );
    await expect(read(`t_ns,rss\n${"1".repeat(200_000)}`)).rejects.toThrow(/line 2: longer than 65536 characters/);
  });

  it("are those that a program measured", async () => {
    const path = join(import.meta.dirname, "../fixtures/bursts-1.27/samples.csv");
    const { events, losses } = await read(readFileSync(path, "utf8"));
    const rss = events.filter(([, name]) => name === "rss").map(([, , size]) => size as number);
    expect(Math.max(...rss)).toBeGreaterThan(80e6);
    expect(rss.at(-1)).toBeLessThan(20e6);
    expect(losses).toEqual({});
  });
});
