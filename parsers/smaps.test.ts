import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InputError } from "./errors.ts";
import { Losses } from "./losses.ts";
import { SmapsReader } from "./smaps.ts";
import { fixture, observe } from "./testing/observed.ts";

/** Sum of a line over all mappings of the kernel's text, in bytes. */
function total(text: string, key: string): number {
  let sum = 0;
  for (const m of text.matchAll(new RegExp(`^${key}: +(\\d+) kB`, "gm"))) sum += Number(m[1]) * 1024;
  return sum;
}

const mapping = (range: string, name: string, rss: number, anon = rss) =>
  `${range} rw-p 00000000 ${name.startsWith("/") ? "fe:00 12" : "00:00 0"} ${name}\nSize: ${rss} kB\nRss: ${rss} kB\nAnonymous: ${anon} kB\nVmFlags: rd wr\n`;

const read = (text: string) => {
  const losses = new Losses();
  const reader = new SmapsReader("s", losses);
  for (const line of text.split("\n")) reader.line(line);
  return { dumps: reader.end(), losses: losses.toJSON() };
};
const rss = (text: string) =>
  Object.fromEntries([...read(text).dumps[0]!.classes].map(([kind, sums]) => [kind, sums.Rss / 1024]));

describe("smaps", () => {
  it.each(["smaps.txt", "smaps.go1.11.txt"])("%s: sums and kinds of mappings", async (name) => {
    const text = fixture(`companions/${name}`).toString();
    const { format, rows, source, losses } = await observe(text);
    expect(format).toBe("smaps");
    expect(losses).toEqual({ "no-time": 1 });
    const row = rows[0]!;
    expect(row.rss).toBe(total(text, "Rss"));
    expect(row.smaps_anon).toBe(total(text, "Anonymous"));
    expect(row.rss_file).toBe(total(text, "Rss") - total(text, "Anonymous"));
    expect(row.private_dirty).toBe(total(text, "Private_Dirty"));
    const dump = source.smaps[0]!;
    let sum = 0;
    for (const sums of dump.classes.values()) sum += sums.Rss;
    expect(sum).toBe(row.rss);
    expect(dump.classes.get("binary")!.Rss).toBeGreaterThan(1e6);
    // Some 20 MB of objects live in the arenas; the random heap base of 1.26+ makes no difference.
    expect(row.go_heap_rss).toBeGreaterThan(15e6);
    expect(row.go_heap_rss).toBeLessThan(row.smaps_anon!);
  });

  it("rollup: the same total, no kinds", async () => {
    const text = fixture("companions/smaps_rollup.txt").toString();
    const { source, rows } = await observe(text);
    expect(source.smaps[0]!.rollup).toBe(true);
    expect(rows[0]!.rss).toBe(total(text, "Rss"));
    expect(rows[0]!.go_heap_rss).toBeUndefined();
  });

  it("Go's own names of mappings tell its heap", () => {
    expect(
      rss(
        mapping("00400000-00500000", "/app/known", 10, 0) +
          mapping("00500000-00600000", "", 1) +
          mapping("01000000-02000000", "[heap]", 2) +
          mapping("c000000000-c000400000", "[anon: Go: heap]", 100) +
          mapping("c000400000-c004000000", "[anon: Go: heap reservation]", 3) +
          mapping("7f0000000000-7f0000100000", "[anon: Go: page summary]", 4) +
          mapping("7f1000000000-7f1000100000", "/lib/libc.so.6", 5, 0) +
          mapping("7ffc00000000-7ffc00100000", "[stack]", 6) +
          mapping("7ffd00000000-7ffd00001000", "[vdso]", 7),
      ),
    ).toEqual({ binary: 10, anonymous: 1, brk: 2, "go-heap": 103, "go-metadata": 4, file: 5, stack: 6, special: 7 });
  });

  it("without names: whole arenas below the mmap area are, C's arenas are not", () => {
    const text =
      mapping("c000000000-c000400000", "", 100) +
      mapping("c000400000-c004000000", "", 0) +
      mapping("d000000000-d000400000", "", 8) +
      mapping("7f8564000000-7f8564021000", "", 20) +
      mapping("7f8564021000-7f8568000000", "", 0);
    expect(rss(text)).toEqual({ "go-heap": 100, anonymous: 28 });
  });

  it("a series: where addresses start again, with or without a date between", async () => {
    const one = mapping("c000000000-c004000000", "", 100);
    const untimed = await observe(one + one);
    expect(untimed.rows.map((r) => r.t)).toEqual([0, 1e9]);
    expect(untimed.losses).toEqual({ "assumed-time": 2 });
    const timed = await observe(`Wed Nov 25 00:08:36 UTC 2026\n${one}Wed Nov 25 00:08:38 UTC 2026\n${one}`);
    expect(timed.rows.map((r) => [r.t, r.rss])).toEqual([
      [0, 102400],
      [2e9, 102400],
    ]);
    expect(timed.losses).toEqual({});
  });

  it("says nothing of what the kernel did not write", async () => {
    const { rows } = await observe("00400000-00500000 r-xp 00000000 fe:00 12 /app\nSize: 8 kB\nRss: 8 kB\n");
    expect(rows).toEqual([{ t: 0, rss: 8192, smaps_rss: 8192 }]);
  });

  it("counts noise, refuses nothing but noise", async () => {
    expect(read(`${mapping("1000-2000", "", 4)}cat: cannot open\n`).losses).toEqual({ "damaged-lines": 1 });
    expect(read("Rss: 4 kB\n")).toEqual({ dumps: [], losses: { "damaged-lines": 1 } });
  });

  it("fuzz: cut and garbled text", () => {
    const text = fixture("companions/smaps.txt").toString().slice(0, 6000);
    fc.assert(
      fc.property(fc.nat(text.length), fc.nat(200), fc.string({ maxLength: 5 }), (at, length, put) => {
        try {
          for (const dump of read(text.slice(0, at) + put + text.slice(at + length)).dumps)
            expect(dump.total.Rss).toBeGreaterThanOrEqual(0);
        } catch (error) {
          expect(error).toBeInstanceOf(InputError);
        }
      }),
      { numRuns: 200, seed: 1 },
    );
  });
});
