/**
 * Vectors of the span heaps of Go 1.11 to 1.13: `spanheap` drives a whole heap with manual spans, `treap` the tree of free
 * spans alone. Pages in the files are relative to the first page of the first arena.
 *
 * Beyond the fields that 1.12's and 1.13's files need, an `init` line may have `fastrand`, the two words of the M's random
 * generator, for the versions whose results depend on treap priorities; then dumps tell that generator's state and the
 * treaps' shape, so that the model is known to have drawn as often, and for the same spans, as the runtime.
 */

import { Fastrand } from "../allocator/fastrand.ts";
import { SpanHeap111 } from "../allocator/span-heap-1.11.ts";
import { SpanHeap112 } from "../allocator/span-heap-1.12.ts";
import { SpanHeap113 } from "../allocator/span-heap-1.13.ts";
import { NIL, Spans } from "../allocator/span-heap-spans.ts";
import { AddressTreap, FILTER_HUGE, FILTER_REST, SizeTreap } from "../allocator/span-treap.ts";
import type { HeapConfig } from "../allocator/types.ts";
import {
  differs,
  minorOf,
  numberOf,
  numberOrNull,
  stringOf,
  type VectorDriver,
  VectorError,
  type VectorKind,
  type VectorLine,
} from "./driver.ts";

const PAGE = 8192;
const BASE = 0xc000000000;
const FIRST_PAGE = BASE / PAGE;

export const spanheapVectors: VectorKind = {
  name: "spanheap",
  handles: (init) => "phys" in init && isSpanHeapVersion(init),
  create: (init) => new SpanHeapDriver(init),
};

export const treapVectors: VectorKind = {
  name: "treap",
  handles: (init) => "round" in init && isSpanHeapVersion(init),
  create: (init) => new TreapDriver(init),
};

function isSpanHeapVersion(init: VectorLine): boolean {
  const minor = minorOf(init);
  return minor >= 11 && minor <= 13;
}

/** 1.12.0 to 1.12.4 named as such; "1.12" alone is its last patch. */
function isEarly112(init: VectorLine): boolean {
  return /^(?:go)?1\.12\.[0-4]$/.test(stringOf(init, "go"));
}

class SpanHeapDriver implements VectorDriver {
  private readonly heap: SpanHeap111 | SpanHeap112 | SpanHeap113;

  constructor(init: VectorLine) {
    const config: HeapConfig = {
      physPageSize: numberOf(init, "phys"),
      physHugePageSize: numberOf(init, "huge"),
      goos: "linux",
      procs: 1,
      heapBase: BASE,
    };
    const minor = minorOf(init);
    if (minor === 11) this.heap = new SpanHeap111(config);
    else if (minor === 12) this.heap = new SpanHeap112(config, isEarly112(init));
    else {
      this.heap = new SpanHeap113(config);
      const retain = numberOf(init, "retain");
      this.heap.scavengeGoals.gcPercent = retain < 0 ? Number.POSITIVE_INFINITY : retain;
    }
    if ("fastrand" in init) this.heap.random.state = wordsOf(init);
  }

  line(line: VectorLine): string | null {
    const { heap } = this;
    return (
      this.operate(line) ??
      differs("released", numberOf(line, "released"), heap.stats.released) ??
      differs("idle", numberOf(line, "idle"), heap.heapIdle)
    );
  }

  private operate(line: VectorLine): string | null {
    const { heap } = this;
    if ("now" in line) heap.now = numberOf(line, "now");
    switch (stringOf(line, "op")) {
      case "alloc":
        return differs("p", numberOf(line, "p"), heap.allocSpan(numberOf(line, "n"), -1, true) / PAGE - FIRST_PAGE);
      case "free":
        return this.free(line);
      case "scavenge":
        return differs("got", numberOf(line, "got"), this.scavenge(numberOf(line, "bytes")));
      case "scavengeAll":
        return differs("got", numberOf(line, "got"), heap.scavengeAll());
      case "scavengeAged":
        return differs("got", numberOf(line, "got"), heap.scavengeAged(heap.now, numberOf(line, "limit")));
      case "dump":
        return this.dump(line);
      default:
        throw new VectorError(`unknown operation "${stringOf(line, "op")}" in a spanheap file`);
    }
  }

  private free(line: VectorLine): string | null {
    try {
      this.heap.freeSpan(BASE + numberOf(line, "p") * PAGE, numberOf(line, "n"), true);
      return null;
    } catch (e) {
      if (e instanceof RangeError) return e.message;
      throw e;
    }
  }

  private scavenge(bytes: number): number {
    const { heap } = this;
    if (!(heap instanceof SpanHeap112)) return heap.scavenge(bytes);
    const before = heap.stats.released;
    heap.returnLargest(bytes);
    return heap.stats.released - before;
  }

  private dump(line: VectorLine): string | null {
    const { heap } = this;
    const expected = line.spans;
    if (!Array.isArray(expected)) throw new VectorError('"spans" is not a list in a dump');
    const width = Array.isArray(expected[0]) ? expected[0].length : 0;
    const spans = heap.freeSpans().map((s) => [s[0] - FIRST_PAGE, ...s.slice(1)].slice(0, width));
    const credit = heap instanceof SpanHeap112 ? heap.scavengeCredit : null;
    const left = heap instanceof SpanHeap113 ? heap.arenaLeft / PAGE : null;
    return (
      sameRows("spans", expected, spans) ??
      (credit === null ? null : differs("credit", numberOf(line, "credit"), credit)) ??
      (left === null ? null : differs("arenaLeft", numberOf(line, "arenaLeft"), left)) ??
      ("shape" in line ? this.shape(line) : null)
    );
  }

  private shape(line: VectorLine): string | null {
    const expected = line.shape;
    if (!Array.isArray(expected)) throw new VectorError('"shape" is not a list in a dump');
    const shape = this.heap.treapShape().map((s) => [s[0] - FIRST_PAGE, ...s.slice(1)]);
    const [a, b] = wordsOf(line);
    const [x, y] = this.heap.random.state;
    return sameRows("shape", expected, shape) ?? differs("fastrand[0]", a, x) ?? differs("fastrand[1]", b, y);
  }
}

/** The two words of a `fastrand` field. */
function wordsOf(line: VectorLine): [number, number] {
  const v = line.fastrand;
  if (!Array.isArray(v) || v.length !== 2) throw new VectorError('"fastrand" is not a pair of numbers');
  return [numberOf(v as never, "0"), numberOf(v as never, "1")];
}

/** Compares lists of rows of numbers. */
function sameRows(field: string, expected: readonly unknown[], got: readonly (readonly number[])[]): string | null {
  for (let i = 0; i < Math.max(expected.length, got.length); i++) {
    const e = JSON.stringify(expected[i] ?? null);
    const g = JSON.stringify(got[i] ?? null);
    if (e !== g) return `${field}[${i}]: expected ${e}, got ${g}`;
  }
  return null;
}

class TreapDriver implements VectorDriver {
  private readonly spans = new Spans();
  private readonly treap: SizeTreap | AddressTreap;
  /** By the file's span ids. */
  private readonly byId = new Map<number, number>();
  private readonly idOf = new Map<number, number>();

  constructor(init: VectorLine) {
    const random = new Fastrand(0);
    this.treap =
      minorOf(init) === 13
        ? new AddressTreap(this.spans, random, numberOf(init, "huge") / PAGE)
        : new SizeTreap(this.spans, random, minorOf(init) === 12 ? "base" : "mspan");
  }

  line(line: VectorLine): string | null {
    const { spans, treap } = this;
    switch (stringOf(line, "op")) {
      case "span": {
        const s = spans.alloc(FIRST_PAGE + numberOf(line, "p"), numberOf(line, "n"));
        spans.scavenged[s] = line.scav === true ? 1 : 0;
        this.byId.set(numberOf(line, "id"), s);
        this.idOf.set(s, numberOf(line, "id"));
        return null;
      }
      case "insert":
        treap.insert(this.span(line));
        return null;
      case "remove":
        treap.remove(this.span(line));
        return null;
      case "find": {
        const n = numberOf(line, "n");
        const s = treap instanceof AddressTreap ? treap.findFirstFit(n) : treap.findBest(n);
        return differs("id", numberOrNull(line, "id"), this.idOf.get(s) ?? null);
      }
      case "order": {
        const expected = line.ids;
        if (!Array.isArray(expected)) throw new VectorError('"ids" is not a list');
        return differs("ids", JSON.stringify(expected), JSON.stringify(this.order(numberOf(line, "kind"))));
      }
      default:
        throw new VectorError(`unknown operation "${stringOf(line, "op")}" in a treap file`);
    }
  }

  private span(line: VectorLine): number {
    const s = this.byId.get(numberOf(line, "id"));
    if (s === undefined) throw new VectorError(`no span ${numberOf(line, "id")}`);
    return s;
  }

  private order(kind: number): number[] {
    const { treap } = this;
    const ids: number[] = [];
    if (kind === 0) {
      for (let s = treap.first(); s !== NIL; s = treap.after(s)) ids.push(this.idOf.get(s)!);
    } else if (treap instanceof AddressTreap) {
      const filter = kind === 1 ? FILTER_HUGE : FILTER_REST;
      for (let s = treap.lastOf(filter); s !== NIL; s = treap.precedingOf(s, filter)) ids.push(this.idOf.get(s)!);
    }
    return ids;
  }
}
