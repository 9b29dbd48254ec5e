import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { collect, counts, lines, openWith } from "../testing/collect.ts";
import { traceFromText, traceToText } from "./text.ts";
import { goTraceV2 } from "./v2-format.ts";

const open = (text: string, options = {}) => openWith(goTraceV2, traceFromText(text), options);

async function read(text: string, options = {}) {
  const source = await open(text, options);
  const events = await collect(source);
  return { events, lines: lines(events), losses: source.losses.toJSON(), info: source.info };
}

/** A clock of 1 ns a tick, as a batch of no M. */
const CLOCK = `
EventBatch gen=1 m=18446744073709551615 time=0
Frequency freq=1000000000
`;

const strings = (texts: Record<number, string>) =>
  `EventBatch gen=1 m=18446744073709551615 time=0\nStrings\n${Object.entries(texts)
    .map(([id, text]) => `String id=${id}\n\tdata=${JSON.stringify(text)}`)
    .join("\n")}\n`;

describe("traces of Go's own test suite", () => {
  const folder = join(import.meta.dirname, "testdata/go");
  const files = readdirSync(folder).filter((name) => name.endsWith(".test"));
  it("are there", () => expect(files.length).toBeGreaterThan(15));
  it.each(files)("%s", async (name) => {
    const [expected, text] = readFileSync(join(folder, name), "utf8").split("-- trace --\n");
    const { losses } = await read(text!);
    if (expected!.includes("SUCCESS")) expect(losses).toEqual({});
    else expect(losses["order-conflicts"]).toBeGreaterThan(0);
  });
});

describe("order", () => {
  it("starts a goroutine after what unblocks it, whatever the timestamps say", async () => {
    const { lines, losses } = await read(`Trace Go1.22
EventBatch gen=1 m=1 time=100
ProcStatus dt=1 p=0 pstatus=1
GoStatus dt=1 g=1 m=1 gstatus=2
HeapAlloc dt=100 heapalloc_value=1
GoUnblock dt=1 g=2 g_seq=1 stack=0
EventBatch gen=1 m=2 time=100
ProcStatus dt=1 p=1 pstatus=1
GoStatus dt=1 g=2 m=2 gstatus=4
GoStart dt=1 g=2 g_seq=2
HeapAlloc dt=1 heapalloc_value=2
${CLOCK}`);
    // M 2's clock is 98 ns behind: its start and what follows come after the unblocking, at ever later times.
    expect(lines).toEqual(["p-start @0 p0", "p-start @1 p1", "heap-live @101 p0 size=1", "heap-live @104 p1 size=2"]);
    expect(losses).toEqual({});
  });

  it("moves a P that is stolen from a system call", async () => {
    const { lines, losses } = await read(`Trace Go1.22
EventBatch gen=1 m=1 time=10
ProcStatus dt=0 p=0 pstatus=1
GoStatus dt=1 g=1 m=1 gstatus=2
GoSyscallBegin dt=1 p_seq=1 stack=0
GoSyscallEndBlocked dt=5
EventBatch gen=1 m=2 time=10
ProcStatus dt=3 p=1 pstatus=1
ProcSteal dt=1 p=0 p_seq=2 m=1
ProcStop dt=1
ProcStart dt=1 p=0 p_seq=3
HeapAlloc dt=9 heapalloc_value=7
${CLOCK}`);
    expect(lines).toEqual([
      "p-start @0 p0",
      "p-start @3 p1",
      "p-stop @4 p0 aux=1",
      "p-stop @5 p1",
      "p-start @6 p0",
      "heap-live @15 p0 size=7",
    ]);
    expect(losses).toEqual({});
  });

  it("goes on where Go's reader gives up", async () => {
    const { lines, losses } = await read(`Trace Go1.22
EventBatch gen=1 m=1 time=10
ProcStatus dt=0 p=0 pstatus=1
GoStart dt=1 g=9 g_seq=4
GoCreate dt=1 new_g=9 new_stack=0 stack=0
HeapAlloc dt=1 heapalloc_value=7
${CLOCK}`);
    // Nobody unblocked goroutine 9, and then it is created although it is there.
    expect(losses).toEqual({ "order-conflicts": 2 });
    expect(lines).toEqual(["p-start @0 p0", "go-create @2 p0 size=1", "heap-live @3 p0 size=7"]);
  });
});

describe("events", () => {
  it("tells garbage collection", async () => {
    const { lines, losses } = await read(`Trace Go1.22
EventBatch gen=1 m=1 time=10
ProcsChange dt=0 procs_value=2 stack=0
EventBatch gen=1 m=1 time=10
ProcStatus dt=1 p=0 pstatus=1
GoStatus dt=1 g=1 m=1 gstatus=2
STWBegin dt=1 kind_string=1 stack=0
GCBegin dt=1 gc_seq=1 stack=5
STWEnd dt=1
GCMarkAssistBegin dt=10 stack=0
GCMarkAssistEnd dt=25
GoLabel dt=1 label_string=2
GoBlock dt=9 reason_string=0 stack=0
GoUnblock dt=1 g=1 g_seq=1 stack=0
GoStart dt=1 g=1 g_seq=2
GCEnd dt=1 gc_seq=2
HeapGoal dt=1 heapgoal_value=0
HeapGoal dt=1 heapgoal_value=4194304
HeapGoal dt=1 heapgoal_value=9223372036854775807
GCSweepBegin dt=1 stack=0
GCSweepEnd dt=1 swept_value=8192 reclaimed_value=64
GoBlock dt=1 reason_string=3 stack=0
EventBatch gen=1 m=18446744073709551615 time=0
Stacks
Stack id=5 n=2
	pc=1000 func=4 file=6 line=1
	pc=5000 func=5 file=6 line=2
${strings({ 1: "GC sweep termination", 2: "GC (dedicated)", 3: "GC background sweeper wait", 4: "runtime.GC", 5: "runtime/debug.FreeOSMemory", 6: "a.go" })}
${CLOCK}`);
    expect(losses).toEqual({ "order-conflicts": 1 }); // The GOMAXPROCS event came before anything ran.
    expect(lines).toEqual([
      "procs @0 size=2",
      "p-start @1 p0",
      "stw-begin @3 p0 aux=2",
      "gc-start @4 p0 aux=6",
      "stw-end @5 p0 aux=2",
      "gc-work @40 p0 size=25 aux=1",
      "gc-work @50 p0 size=9",
      "gc-mark-termination @53 p0",
      "heap-goal @54 p0 size=Infinity",
      "heap-goal @55 p0 size=4194304",
      "heap-goal @56 p0 size=Infinity",
      "sweep-begin @57 p0",
      "sweep-end @58 p0 0x40 size=8192",
      "gc-sweep-done @59 p0",
    ]);
  });

  it("says that a cycle was under way, and ends its sweep at the latest when the next begins", async () => {
    const { lines, losses } = await read(`Trace Go1.22
EventBatch gen=1 m=1 time=0
ProcStatus dt=1 p=0 pstatus=1
GoStatus dt=1 g=1 m=1 gstatus=2
GCActive dt=1 gc_seq=1
GCEnd dt=1 gc_seq=2
GCBegin dt=5 gc_seq=3 stack=0
${CLOCK}`);
    expect(losses).toEqual({});
    expect(lines.slice(1)).toEqual([
      "gc-start @2 p0 aux=1",
      "gc-mark-termination @3 p0",
      "gc-sweep-done @8 p0",
      "gc-start @8 p0",
    ]);
  });

  it("keeps what the program logs", async () => {
    const { lines, info } = await read(`Trace Go1.22
EventBatch gen=1 m=1 time=0
ProcStatus dt=1 p=0 pstatus=1
GoStatus dt=1 g=1 m=1 gstatus=2
UserLog dt=1 task=0 key_string=1 value_string=2 stack=0
UserLog dt=1 task=0 key_string=0 value_string=2 stack=0
UserLog dt=1 task=0 key_string=1 value_string=2 stack=0
${strings({ 1: "gopages.sync", 2: "123" })}${CLOCK}`);
    expect(lines.slice(1)).toEqual(["note @2 p0", "note @3 p0 aux=1", "note @4 p0"]);
    expect(info.strings).toEqual(["gopages.sync: 123", "123"]);
  });

  const HEAP = `
EventBatch gen=1 m=1 time=1000
ProcStatus dt=0 p=0 pstatus=1
Span dt=1 id=4 npages_value=2 kindclass=20
HeapObject dt=1 id=4097 type=0
HeapObject dt=1 id=4099 type=1
Span dt=1 id=0 npages_value=4 kindclass=1
Span dt=1 id=2251799813685247 npages_value=1 kindclass=4
HeapObject dt=1 id=2305843009213693951 type=1
GoroutineStack dt=1 id=1 order=12
GoroutineStack dt=1 id=0 order=12
SpanAlloc dt=10 id=16 npages_value=3 kindclass=7
HeapObjectAlloc dt=1 id=20000000000 type=1
HeapObjectFree dt=1 id=4099
HeapObjectAlloc dt=1 id=2305843009213693950 type=9
GoroutineStackAlloc dt=1 id=3 order=14
GoroutineStackFree dt=1 id=1
GoroutineStackFree dt=1 id=99
SpanFree dt=1 id=4
SpanFree dt=1 id=77
ExperimentalBatch exp=1 gen=1 m=1 time=1000
	data="\\x01\\x80\\x80\\x80\\x80\\x80\\x18\\x80\\x40\\x08\\x80\\x10"
ExperimentalBatch exp=1 gen=1 m=1 time=1001
	data="\\x00\\x01\\x80\\x10\\x18\\x08\\x06main.T"
`;

  it("gives memory its addresses, the snapshot first and in order", async () => {
    const { lines, losses, info } = await read(`Trace Go1.23${HEAP}${CLOCK}`);
    expect(info).toMatchObject({ hasAddresses: true, minHeapAddr: 0xc000000000, pageSize: 8192, evidence: "exact" });
    expect([...info.types]).toEqual([[1, { name: "main.T", size: 24 }]]);
    expect(lines).toEqual([
      // Ids of addresses below the base wrap around.
      "span-live @0 0xbfffffe000 size=1 aux=2",
      "object-live @0 0xbffffffff8 size=24 aux=1",
      "span-live @0 0xc000000000 size=4 aux=-1",
      "stack-live @0 0xc000000000 size=2048",
      "stack-live @0 0xc000000800 size=2048",
      "span-live @0 0xc000008000 size=2 aux=10",
      "object-live @0 0xc000008008",
      "object-live @0 0xc000008018 size=24 aux=1",
      "p-start @0 p0",
      "span-alloc @10 p0 0xc000020000 size=3 aux=-1",
      "object-alloc @11 p0 0xe540be400 size=24 aux=1".replace(
        "0xe540be400",
        `0x${(0xc000000000 + 160e9).toString(16)}`,
      ),
      "object-free @12 p0 0xc000008018",
      "object-alloc @13 p0 0xbffffffff0",
      "stack-alloc @14 p0 0xc000001800 size=8192",
      "stack-free @15 p0 0xc000000800 size=2048",
      "stack-free @16 p0 0xc000031800",
      "span-free @17 p0 0xc000008000 size=2 aux=10",
      "span-free @18 p0 0xc00009a000 aux=-1",
    ]);
    expect(losses).toEqual({ "unknown-object-types": 1, "unknown-span-frees": 1 });
  });

  it("leaves objects out when asked", async () => {
    const { events } = await read(`Trace Go1.23${HEAP}${CLOCK}`, { objects: false });
    expect(counts(events)).toEqual({
      "span-live": 3,
      "stack-live": 2,
      "p-start": 1,
      "span-alloc": 1,
      "stack-alloc": 1,
      "stack-free": 2,
      "span-free": 2,
    });
  });

  it("decodes objects in bulk as it does one by one", async () => {
    // Ids of one to ten bytes, more of them than the careful path at a batch's end takes.
    const ids = [
      0,
      127,
      128,
      16383,
      16384,
      2097151,
      2097152,
      268435455,
      268435456,
      34359738367,
      34359738368,
      1e12,
      2n ** 61n - 3n,
    ];
    const alloc = ids.map((id) => `HeapObjectAlloc dt=1 id=${id} type=0\nHeapObjectFree dt=200 id=${id}`);
    const { events, losses } = await read(`Trace Go1.26
EventBatch gen=1 m=1 time=10
ProcStatus dt=0 p=3 pstatus=1
${Array(20).fill(alloc.join("\n")).join("\n")}
ExperimentalBatch exp=1 gen=1 m=1 time=0
	data="\\x01\\x80\\x80\\x80\\x80\\x80\\x18\\x80\\x40\\x08\\x80\\x10"
${CLOCK}EndOfGeneration
`);
    const objects = events.filter(({ kind }) => kind.startsWith("object"));
    expect(objects.length).toBe(20 * 2 * ids.length);
    const expected = ids.map((id) => 0xc000000000 + Number(BigInt.asIntN(61, BigInt(id))) * 8);
    for (let i = 0; i < objects.length; i++) {
      const { addr, p, t, kind } = objects[i]!;
      expect({ addr, p, t, kind }).toEqual({
        addr: expected[(i >> 1) % ids.length],
        p: 3,
        t: (i >> 1) * 201 + 1 + (i & 1) * 200,
        kind: i & 1 ? "object-free" : "object-alloc",
      });
    }
    expect(losses).toEqual({});
  });
});

describe("clock", () => {
  it("has its wall clock from 1.25 on", async () => {
    const { info } = await read(`Trace Go1.25
EventBatch gen=1 m=18446744073709551615 time=1000
Sync
Frequency freq=15625000
ClockSnapshot dt=5 mono=99 sec=1740755049 nsec=500000
EventBatch gen=1 m=1 time=1005
ProcStatus dt=0 p=0 pstatus=1
`);
    expect(info).toMatchObject({ wallClockStart: 1740755049000.5, goVersion: "go1.25", goVersions: ["1.25"] });
  });

  it("assumes 64 ns a tick if the trace breaks off before it says", async () => {
    const { lines, losses } = await read(`Trace Go1.22
EventBatch gen=1 m=1 time=0
ProcStatus dt=1 p=0 pstatus=1
HeapAlloc dt=2 heapalloc_value=5
`);
    expect(lines).toEqual(["p-start @0 p0", "heap-live @128 p0 size=5"]);
    expect(losses).toEqual({ "clock-assumed": 1 });
  });
});

describe("header", () => {
  it("refuses versions that it does not know", async () => {
    const bytes = traceFromText("Trace Go1.28\n");
    expect(goTraceV2.detect(bytes)).toBe(1);
    await expect(openWith(goTraceV2, bytes)).rejects.toThrow(/trace of the unknown version "go 1.28"; gopages reads/);
  });

  it("leaves older traces to their own format", () => {
    for (const version of [11, 19, 21]) expect(goTraceV2.detect(traceFromText(`Trace Go1.${version}\n`))).toBe(0);
    expect(goTraceV2.detect(new Uint8Array(100))).toBe(0);
  });
});

describe("text form", () => {
  it("comes back the same", () => {
    const text = `Trace Go1.26
EventBatch gen=1 m=0 time=0 size=4
ProcStatus dt=1 p=0 pstatus=1
EventBatch gen=1 m=18446744073709551615 time=0 size=11
Strings
String id=1
	data="a\\"\\\\\\x00\\xff"
EventBatch gen=1 m=18446744073709551615 time=0 size=20
Stacks
Stack id=5 nframes=1
	pc=4611686018427387904 func=1 file=2 line=124
EndOfGeneration
`;
    expect(traceToText(traceFromText(text))).toBe(text);
  });

  it("says where it is wrong", () => {
    expect(() => traceFromText("Trace Go1.26\n\nProcStatus dt=1 p=0\n")).toThrow("line 3: ProcStatus needs pstatus");
    expect(() => traceFromText("Trace Go1.26\nNonsense\n")).toThrow("line 2: no event is called Nonsense");
    expect(() => traceToText(new Uint8Array(4))).toThrow("no trace header");
  });
});
