import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InputError } from "../errors.ts";
import { bytesSource } from "../source.ts";
import { collect, counts, openWith } from "../testing/collect.ts";
import { traceFromText } from "./text.ts";
import { openTraceV2 } from "./v2.ts";
import { goTraceV2 } from "./v2-format.ts";

const fixtures = join(import.meta.dirname, "../../fixtures");
const load = (name: string) => new Uint8Array(gunzipSync(readFileSync(join(fixtures, name, "trace.out.gz"))));
const exact = load("bursts-1.25");
const older = load("bursts-1.23");
const plain = load("bursts-1.22-plain");

async function read(bytes: Uint8Array, pieceBytes?: number) {
  const source = await openWith(goTraceV2, bytes, pieceBytes === undefined ? {} : { pieceBytes });
  const events = await collect(source);
  return {
    events,
    n: counts(events),
    losses: source.losses.toJSON(),
    partial: source.losses.partial,
    all: [...source.losses],
  };
}

/** Offsets of the batches of a trace as the runtime writes it: sizes are in ten bytes. */
function batchOffsets(bytes: Uint8Array): number[] {
  const offsets: number[] = [];
  let at = 16;
  const uvarint = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const b = bytes[at++]!;
      value += (b & 127) * scale;
      if (b < 128) return value;
    }
  };
  while (at < bytes.length) {
    offsets.push(at);
    const type = bytes[at++];
    if (type === 52) continue;
    if (type === 49) at++;
    uvarint();
    uvarint();
    uvarint();
    const size = uvarint();
    at += size;
  }
  return offsets;
}

describe("a trace that breaks off", () => {
  it.each([0.25, 0.5, 0.9])("is read up to there (%d)", async (fraction) => {
    const whole = await read(exact);
    const { events, losses, all } = await read(exact.subarray(0, Math.floor(exact.length * fraction)));
    expect(losses.truncated).toBe(1);
    expect(all.find(({ kind }) => kind.name === "truncated")!.first).toBe(
      `byte ${Math.floor(exact.length * fraction)}`,
    );
    expect(events.length).toBeGreaterThan(whole.events.length * (fraction - 0.25));
    expect(events.length).toBeLessThan(whole.events.length);
  });

  it("is whole without the last generation", async () => {
    // Up to 1.25 nothing tells that a generation is over: cut between batches it is whole as far as anybody can tell.
    const offsets = batchOffsets(plain);
    const { losses } = await read(plain.subarray(0, offsets[offsets.length - 1]));
    expect(losses["order-conflicts"]).toBeUndefined();
  });

  it("says so from 1.26 on even if it breaks off between batches", async () => {
    const bytes = traceFromText(`Trace Go1.26
EventBatch gen=1 m=1 time=5
ProcStatus dt=1 p=0 pstatus=1
`);
    expect((await read(bytes)).losses).toEqual({ truncated: 1, "clock-assumed": 1 });
  });

  it("may be a header and nothing else", async () => {
    expect((await read(exact.subarray(0, 16))).events).toEqual([]);
  });
});

describe("a damaged trace", () => {
  it("goes on with the next batch after garbage", async () => {
    const whole = await read(exact);
    const offsets = batchOffsets(exact);
    const at = offsets[Math.floor(offsets.length / 2)]!;
    const bytes = new Uint8Array(exact.length + 5000);
    bytes.set(exact.subarray(0, at));
    for (let i = 0; i < 5000; i++) bytes[at + i] = (i * 37) & 0xff;
    bytes.set(exact.subarray(at), at + 5000);
    const { n, losses, all } = await read(bytes);
    expect(losses).toEqual({ "damaged-bytes": 5000 });
    expect(all[0]!.first).toBe(`byte ${at}`);
    expect(n["object-alloc"]).toBe(whole.n["object-alloc"]);
    expect(n["span-alloc"]).toBe(whole.n["span-alloc"]);
    expect(n["gc-mark-termination"]).toBe(whole.n["gc-mark-termination"]);
  });

  it("loses one batch when that batch's size lies", async () => {
    const whole = await read(exact);
    const offsets = batchOffsets(exact);
    const at = offsets[Math.floor(offsets.length / 2)]!;
    const bytes = exact.slice();
    // Behind the type: generation, M, time, and the size in ten bytes.
    let pos = at + 1;
    for (let field = 0; field < 3; field++) while (bytes[pos++]! > 127);
    bytes[pos + 2] = 0xff;
    const { n, losses } = await read(bytes);
    expect(losses["damaged-bytes"]).toBeGreaterThan(0);
    expect(losses["damaged-bytes"]).toBeLessThan(70000);
    expect(n["object-alloc"]).toBeGreaterThan(whole.n["object-alloc"]! * 0.8);
  });

  it("counts generations that are missing, and stays in order", async () => {
    const generation = (gen: number, time: number) => `EventBatch gen=${gen} m=1 time=${time}
ProcStatus dt=1 p=0 pstatus=1
GoStatus dt=1 g=${gen} m=1 gstatus=2
HeapAlloc dt=1 heapalloc_value=${gen}
EventBatch gen=${gen} m=18446744073709551615 time=${time}
Frequency freq=1000000000
`;
    const { events, losses } = await read(traceFromText(`Trace Go1.22\n${generation(1, 10)}${generation(5, 50)}`));
    expect(losses).toEqual({ "missing-generations": 3 });
    expect(events.filter(({ kind }) => kind === "heap-live").map(({ t, size, p }) => [t, size, p])).toEqual([
      [2, 1, 0],
      [42, 5, 0],
    ]);
  });

  it("drops what comes too late", async () => {
    const clock = (gen: number) => `EventBatch gen=${gen} m=18446744073709551615 time=1\nFrequency freq=1000000000\n`;
    const { losses } = await read(
      traceFromText(
        `Trace Go1.22\n${clock(1)}${clock(2)}EventBatch gen=1 m=1 time=2\nProcStatus dt=1 p=0 pstatus=1\n${clock(3)}`,
      ),
    );
    expect(losses).toEqual({ "stray-batches": 1 });
  });

  it("has no event in another century", async () => {
    const { events, losses } = await read(
      traceFromText(`Trace Go1.22
EventBatch gen=1 m=1 time=10
ProcStatus dt=1 p=0 pstatus=1
HeapAlloc dt=99999999999999999 heapalloc_value=1
HeapAlloc dt=1 heapalloc_value=2
EventBatch gen=1 m=1 time=20
HeapAlloc dt=1 heapalloc_value=3
EventBatch gen=1 m=18446744073709551615 time=30
Frequency freq=1000000000
`),
    );
    expect(losses).toEqual({ "damaged-batches": 1 });
    expect(events.map(({ kind, t, size }) => [kind, t, size])).toEqual([
      ["p-start", 0, 0],
      ["heap-live", 10, 3],
    ]);
  });
});

describe("in any pieces", () => {
  it.each([1, 7, 1000, 65536])("of %d bytes it is the same", async (pieceBytes) => {
    const bytes = plain.subarray(0, 150_000);
    expect(await read(bytes, pieceBytes)).toEqual(await read(bytes));
  });
});

describe("a generation that is more than memory should hold", () => {
  it.each(["bursts-1.25", "bursts-1.22-plain", "cache-1.27"])(
    "is read from a temporary file the same (%s)",
    async (name) => {
      const bytes = load(name);
      const inMemory = await read(bytes);
      const source = await openTraceV2(await bytesSource(bytes), {}, 0);
      expect(await collect(source)).toEqual(inMemory.events);
      expect(source.losses.toJSON()).toEqual({});
    },
  );
});

describe("whatever the bytes", () => {
  const traces = [exact, older, plain].map((bytes) => bytes.subarray(0, 120_000));

  async function holds(bytes: Uint8Array) {
    let last = 0;
    try {
      const source = await openWith(goTraceV2, bytes);
      for await (const batch of source.batches()) {
        for (let i = 0; i < batch.length; i++) {
          const t = batch.time[i]!;
          if (!(t >= last && t < 1e15)) throw new Error(`time ${t} after ${last}`);
          if (!Number.isInteger(batch.addr[i])) throw new Error(`address ${batch.addr[i]}`);
          if (!(batch.size[i]! >= 0)) throw new Error(`size ${batch.size[i]}`);
          last = t;
        }
      }
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      expect(error.message).not.toContain("\n");
    }
  }

  it("keeps to the rules when bytes are flipped", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(2),
        fc.array(fc.tuple(fc.nat(119_999), fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 30 }),
        async (which, flips) => {
          const bytes = traces[which]!.slice();
          for (const [at, mask] of flips) if (at >= 16) bytes[at]! ^= mask;
          await holds(bytes);
        },
      ),
      { seed: 1, numRuns: 40 },
    );
  });

  it("keeps to the rules when pieces are cut out, doubled or swapped", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(2),
        fc.array(fc.tuple(fc.nat(119_999), fc.nat(5000)), { maxLength: 6 }),
        async (which, cuts) => {
          const pieces = [traces[which]!.subarray(0, 16)];
          for (const [at, length] of cuts) pieces.push(traces[which]!.subarray(Math.max(16, at), at + length * 8));
          await holds(new Uint8Array(Buffer.concat(pieces)));
        },
      ),
      { seed: 2, numRuns: 40 },
    );
  });

  it("keeps to the rules on noise", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 4000 }), async (noise) => {
        await holds(new Uint8Array(Buffer.concat([exact.subarray(0, 16), noise])));
      }),
      { seed: 3, numRuns: 100 },
    );
  });
});
