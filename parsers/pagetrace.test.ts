import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { InputError } from "./errors.ts";
import * as E from "./events.ts";
import { pagetrace } from "./pagetrace-format.ts";
import { bytesSource } from "./source.ts";

const unpack = (version: string) =>
  gunzipSync(readFileSync(new URL(`../fixtures/pagetrace/go${version}.pagetrace.gz`, import.meta.url)));

interface Event {
  time: number;
  kind: number;
  p: number;
  base: number;
  pages: number;
}

async function read(bytes: Uint8Array) {
  const source = await pagetrace.open(await bytesSource(bytes, "p.trace"), {});
  const events: Event[] = [];
  for await (const b of source.batches()) {
    for (let i = 0; i < b.length; i++) {
      events.push({ time: b.time[i]!, kind: b.kind[i]!, p: b.p[i]!, base: b.addr[i]!, pages: b.size[i]! });
    }
  }
  await source.close();
  return { events, source };
}

/** The events as the file has them, decoded the long way. */
function decode(bytes: Buffer): Event[] {
  const events: Event[] = [];
  const kinds = [0, E.SPAN_ALLOC, E.SPAN_FREE, E.SCAVENGED];
  let p = 0;
  let base = 0n;
  for (let at = 0; at < bytes.length; at += 8) {
    const word = bytes.readBigUInt64LE(at);
    const type = Number(word & 3n);
    if (type === 0) {
      if (word & 4n) p = Number(BigInt.asIntN(64, word) >> 3n);
      else base = (word >> 3n) << 7n;
      continue;
    }
    const time = Number(base + ((word >> 48n) << 7n));
    const address = Number(word & 0xffff_ffff_e000n);
    let pages = Number((word >> 3n) & 0x3ffn);
    if (word & 4n) {
      at += 8;
      pages = Number(bytes.readBigUInt64LE(at));
    }
    events.push({ time, kind: kinds[type]!, p, base: address, pages });
  }
  return events;
}

const text = ({ kind, p, base, pages }: Event) => `${E.EVENT_NAMES[kind]} ${p} ${base.toString(16)} ${pages}`;

/** Pages in use and pages returned after each event, page by page; throws where the events contradict that. */
function simulate(events: Event[]) {
  const used = new Set<number>();
  const given = new Set<number>();
  const returned = new Set<number>();
  for (const event of events) {
    for (let i = 0; i < event.pages; i++) {
      const page = event.base / 8192 + i;
      const what = `${text(event)}, page ${page.toString(16)}`;
      if (event.kind === E.SPAN_ALLOC) {
        if (used.has(page)) throw new Error(`in use: ${what}`);
        used.add(page);
        returned.delete(page);
      } else if (event.kind === E.SPAN_FREE) {
        if (!used.delete(page) && given.has(page)) throw new Error(`free: ${what}`);
        given.add(page);
      } else {
        if (used.has(page)) throw new Error(`returned in use: ${what}`);
        returned.add(page);
      }
    }
  }
  return { used, returned };
}

describe.each(["1.20.14", "1.22.12"])("a page trace of Go %s", (version) => {
  test("gives each event once, each P's in its order", async () => {
    const bytes = unpack(version);
    const { events, source } = await read(bytes);
    const raw = decode(bytes);
    expect(raw.length).toBeGreaterThan(15_000);
    expect(new Set(raw.map(({ p }) => p)).size).toBeGreaterThan(2);
    for (const p of new Set(raw.map(({ p }) => p))) {
      expect(events.filter((event) => event.p === p).map(text)).toEqual(raw.filter((event) => event.p === p).map(text));
    }
    expect(events.length).toBe(raw.length);
    expect(source.info.events).toBe(raw.length);
    expect(source.losses.toJSON()).toEqual({});
    // Times: as recorded, but where the pages say that it was later.
    const zero = Math.min(...raw.map(({ time }) => time));
    const wanted = raw.map((event) => event.time - zero).sort((a, b) => a - b);
    const times = events.map(({ time }) => time);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(Math.max(...times.map((time, i) => Math.abs(time - wanted[i]!)))).toBeLessThan(100_000);
  });

  test("pages in use and pages returned agree with the recording", async () => {
    const bytes = unpack(version);
    const { events } = await read(bytes);
    const { used, returned } = simulate(events);
    const raw = decode(bytes);
    const sum = (kind: number) => raw.filter((e) => e.kind === kind).reduce((total, { pages }) => total + pages, 0);
    // Spans from before the recording that it frees never were taken in it.
    const known = new Set<number>();
    let early = 0;
    for (const event of events) {
      for (let i = 0; i < event.pages; i++) {
        const page = event.base / 8192 + i;
        if (event.kind === E.SPAN_ALLOC) known.add(page);
        else if (event.kind === E.SPAN_FREE && !known.has(page)) early++;
      }
    }
    expect(used.size).toBe(sum(E.SPAN_ALLOC) - sum(E.SPAN_FREE) + early);
    expect(early).toBeLessThan(100);
    // The program ends with debug.FreeOSMemory: nearly all that was free is returned.
    expect(returned.size).toBeGreaterThan(3000);
    expect(raw.some(({ pages }) => pages >= 1024)).toBe(true);
  });

  test("in the other byte order", async () => {
    const bytes = unpack(version);
    const { events } = await read(bytes);
    const swapped = Buffer.from(bytes).swap64();
    expect(pagetrace.detect(swapped)).toBe(pagetrace.detect(bytes));
    expect((await read(swapped)).events).toEqual(events);
  });
});

const P = (p: number) => BigInt.asUintN(64, BigInt(p) << 3n) | 4n;
const sync = (time: number) => (BigInt(time) >> 7n) << 3n;
const event = (type: number, base: number, pages: number, delta: number) =>
  BigInt(base) | BigInt(type) | (BigInt(pages) << 3n) | ((BigInt(delta) >> 7n) << 48n);
const file = (...words: bigint[]) => {
  const bytes = Buffer.alloc(words.length * 8);
  words.forEach((word, i) => {
    bytes.writeBigUInt64LE(word, i * 8);
  });
  return bytes;
};
const HEAP = 0xc000000000;
const [ALLOC, FREE, SCAV] = [1, 2, 3];

describe("order between Ps", () => {
  test("by time, whatever the order in the file", async () => {
    const { events, source } = await read(
      file(
        ...[P(1), sync(1 << 20), event(ALLOC, HEAP + 8192, 1, 1024), event(ALLOC, HEAP + 3 * 8192, 1, 3072)],
        ...[P(-1), sync(1 << 20), event(ALLOC, HEAP, 1, 0), event(SCAV, HEAP + 2 * 8192, 1, 2048)],
      ),
    );
    expect(events.map(({ p, time }) => [p, time])).toEqual([
      [-1, 0],
      [1, 1024],
      [-1, 2048],
      [1, 3072],
    ]);
    expect(source.info.minHeapAddr).toBe(HEAP);
  });

  test("by the pages, where times are too close to tell", async () => {
    // P 0 gives a page back, P 1 takes it: by the cut-off times P 1 was first.
    const { events, source } = await read(
      file(
        ...[P(0), sync(1 << 20), event(ALLOC, HEAP, 4, 0), event(FREE, HEAP, 4, 1000)],
        ...[P(1), sync((1 << 20) + 900), event(ALLOC, HEAP, 4, 0), event(FREE, HEAP, 4, 5000)],
      ),
    );
    expect(events.map(({ p, kind }) => `${p} ${E.EVENT_NAMES[kind]}`)).toEqual([
      "0 span-alloc",
      "0 span-free",
      "1 span-alloc",
      "1 span-free",
    ]);
    expect(source.losses.toJSON()).toEqual({});
  });

  test("contradictions are counted", async () => {
    const { events, source } = await read(
      file(P(0), sync(1 << 20), event(ALLOC, HEAP, 4, 0), event(ALLOC, HEAP, 4, 5000), event(FREE, HEAP, 4, 9000)),
    );
    expect(events.length).toBe(3);
    expect(source.losses.toJSON()).toEqual({ "pagetrace-contradictions": 1 });
  });
});

describe("what is not whole", () => {
  test("cut anywhere", async () => {
    const whole = unpack("1.22.12");
    for (const length of [24, 1001, 32_768, 32_780, 100_004]) {
      const { events, source } = await read(whole.subarray(0, length));
      expect(events.length).toBeGreaterThan(0);
      expect(source.losses.toJSON()["pagetrace-truncated"] ?? 0).toBe(length % 8 === 0 ? 0 : 1);
    }
  });

  test("any damage is survived", async () => {
    const whole = unpack("1.20.14");
    let seed = 7;
    const random = (n: number) => {
      seed = (seed * 1103515245 + 12345) % 2 ** 31;
      return seed % n;
    };
    for (let round = 0; round < 40; round++) {
      const bytes = Buffer.from(whole);
      for (let i = 0; i <= random(5); i++) bytes[random(bytes.length)] = random(256);
      try {
        const { events } = await read(bytes);
        for (const { time } of events) if (!Number.isFinite(time) || time < 0) throw new Error(`time ${time}`);
      } catch (error) {
        expect(error).toBeInstanceOf(InputError);
      }
    }
  });

  test("spans beyond any machine are damage, and cost nothing", async () => {
    const large = event(ALLOC, HEAP, 0, 0) | 4n;
    const { events, source } = await read(
      file(
        P(0),
        sync(1 << 20),
        event(ALLOC, HEAP, 1, 0),
        ...Array(600).fill(event(FREE, HEAP, 1, 0)),
        large,
        1n << 30n,
      ),
    );
    expect(events.length).toBe(601);
    expect(source.losses.toJSON()).toMatchObject({ "pagetrace-damaged": 1 });
  });

  test("other files are left to others", () => {
    for (const bytes of [
      Buffer.from("go 1.21 trace\0\0\0 and so on, some bytes"),
      Buffer.alloc(4096),
      Buffer.alloc(4096, 0xff),
      Buffer.from("gc 1 @0.1s\n".repeat(100)),
      file(P(0), sync(1 << 20)),
      file(P(0), 0n, event(ALLOC, HEAP, 1, 0)),
      file(sync(1 << 20), P(0), event(ALLOC, HEAP, 1, 0)),
      file(P(0), sync(1 << 20), event(ALLOC, HEAP, 0, 0)),
    ]) {
      expect(pagetrace.detect(bytes)).toBe(0);
    }
  });
});
