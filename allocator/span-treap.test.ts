import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Fastrand } from "./fastrand.ts";
import { NIL, Spans } from "./span-heap-spans.ts";
import { AddressTreap, FILTER_HUGE, FILTER_REST, SizeTreap, type SpanTreap } from "./span-treap.ts";

const HUGE = 256;

interface Step {
  insert: boolean;
  k: number;
  n: number;
}

/** Sizes are few, so that there are many equal ones; some hold huge pages. */
const sizes = fc.oneof(fc.integer({ min: 1, max: 12 }), fc.constantFrom(255, 256, 300, 511, 600, 2000));
const spanList = fc.array(fc.record({ gap: fc.integer({ min: 1, max: 30 }), n: sizes, scavenged: fc.boolean() }), {
  minLength: 1,
  maxLength: 60,
});
const steps = fc.array(
  fc.record({ insert: fc.boolean(), k: fc.nat(59), n: fc.oneof(sizes, fc.integer({ min: 1, max: 2100 })) }),
  { maxLength: 200 },
);

function build(list: readonly { gap: number; n: number; scavenged: boolean }[]) {
  const spans = new Spans(4);
  let page = 1000;
  const ids = list.map(({ gap, n, scavenged }) => {
    page += gap;
    const s = spans.alloc(page, n);
    spans.scavenged[s] = scavenged ? 1 : 0;
    page += n;
    return s;
  });
  return { spans, ids };
}

function run(
  treap: SpanTreap,
  ids: readonly number[],
  list: readonly Step[],
  check: (held: number[], n: number) => void,
) {
  const held = new Set<number>();
  for (const { insert, k, n } of list) {
    const s = ids[k % ids.length]!;
    if (insert && !held.has(s)) {
      treap.insert(s);
      held.add(s);
    } else if (!insert && held.has(s)) {
      treap.remove(s);
      held.delete(s);
    }
    check([...held], n);
  }
}

/** A parent's priority is not above its children's. */
function isHeap(treap: SpanTreap, spans: Spans): boolean {
  return treap.preorder().every((s) => {
    const { left, right, priority } = spans;
    return [left[s]!, right[s]!].every((c) => c === NIL || priority[c]! >= priority[s]!);
  });
}

describe("SizeTreap", () => {
  test("finds the smallest fit, the lowest among equals, whatever the priorities", () => {
    fc.assert(
      fc.property(spanList, steps, fc.integer(), (list, todo, seed) => {
        const { spans, ids } = build(list);
        const treap = new SizeTreap(spans, new Fastrand(seed), "base");
        run(treap, ids, todo, (held, n) => {
          const order = held.sort((a, b) => spans.npages[a]! - spans.npages[b]! || spans.base[a]! - spans.base[b]!);
          expect(treap.inOrder()).toEqual(order);
          expect(treap.findBest(n)).toBe(order.find((s) => spans.npages[s]! >= n) ?? NIL);
          expect(treap.last()).toBe(order.at(-1) ?? NIL);
          for (const [i, s] of order.entries()) expect(treap.preceding(s)).toBe(order[i - 1] ?? NIL);
        });
        expect(isHeap(treap, spans)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  test("findFirst finds a fit whenever there is one, though not always the best", () => {
    let worse = 0;
    fc.assert(
      fc.property(spanList, steps, fc.integer(), (list, todo, seed) => {
        const { spans, ids } = build(list);
        const treap = new SizeTreap(spans, new Fastrand(seed), "base");
        run(treap, ids, todo, (_held, n) => {
          const best = treap.findBest(n);
          const first = treap.findFirst(n);
          expect(first === NIL).toBe(best === NIL);
          if (first !== NIL) expect(spans.npages[first]!).toBeGreaterThanOrEqual(n);
          if (first !== NIL && spans.npages[first]! > spans.npages[best]!) worse++;
        });
      }),
      { numRuns: 60, seed: 1 },
    );
    expect(worse).toBeGreaterThan(0);
  });

  test("misses a better fit under a left child that is too small (golang/go#31616)", () => {
    const spans = new Spans();
    // Root 5000 pages; left of it 3 pages, and 10 pages to the right of that.
    const root = spans.alloc(0, 5000);
    const small = spans.alloc(6000, 3);
    const fit = spans.alloc(7000, 10);
    const priorities = [1, 2, 3];
    const treap = new SizeTreap(spans, { next: () => priorities.shift()! } as Fastrand, "base");
    for (const s of [root, small, fit]) treap.insert(s);
    expect(treap.findFirst(5)).toBe(root);
    expect(treap.findBest(5)).toBe(fit);
  });

  test("1.11 orders equal sizes by mspan, 1.12 by address", () => {
    const inOrder = (tie: "base" | "mspan") => {
      const spans = new Spans();
      const high = spans.alloc(900, 128);
      const low = spans.alloc(100, 128);
      const treap = new SizeTreap(spans, new Fastrand(0), tie);
      treap.insert(low);
      treap.insert(high);
      return treap.inOrder().map((s) => spans.base[s]);
    };
    expect(inOrder("mspan")).toEqual([900, 100]);
    expect(inOrder("base")).toEqual([100, 900]);
  });
});

describe("AddressTreap", () => {
  test("finds the lowest fit and each type from the top, whatever the priorities", () => {
    fc.assert(
      fc.property(spanList, steps, fc.integer(), (list, todo, seed) => {
        const { spans, ids } = build(list);
        const treap = new AddressTreap(spans, new Fastrand(seed), HUGE);
        const huge = (s: number) => {
          let count = 0;
          for (let p = Math.ceil(spans.base[s]! / HUGE) * HUGE; p + HUGE <= spans.limit(s); p += HUGE) count++;
          return count;
        };
        run(treap, ids, todo, (held, n) => {
          const order = held.sort((a, b) => spans.base[a]! - spans.base[b]!);
          expect(treap.inOrder()).toEqual(order);
          expect(treap.findFirstFit(n)).toBe(order.find((s) => spans.npages[s]! >= n) ?? NIL);
          const backed = order.filter((s) => spans.scavenged[s] === 0).reverse();
          for (const [filter, want] of [
            [FILTER_HUGE, backed.filter((s) => huge(s) > 0)],
            [FILTER_REST, backed.filter((s) => huge(s) === 0)],
          ] as const) {
            const seen: number[] = [];
            for (let s = treap.lastOf(filter); s !== NIL; s = treap.precedingOf(s, filter)) seen.push(s);
            expect(seen).toEqual(want);
          }
          expect(treap.unscavHugePages).toBe(backed.reduce((sum, s) => sum + huge(s), 0));
        });
        expect(isHeap(treap, spans)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  test("a span cut in place keeps its node, and what is known above it is right", () => {
    const { spans, ids } = build([600, 5, 700, 8].map((n) => ({ gap: 1, n, scavenged: false })));
    const treap = new AddressTreap(spans, new Fastrand(3), HUGE);
    for (const s of ids) treap.insert(s);
    const [first, , third] = ids as [number, number, number];
    expect(treap.findFirstFit(600)).toBe(first);
    treap.leave(first);
    spans.base[first]! += 590;
    spans.npages[first]! -= 590;
    treap.mutated(first);
    expect(treap.findFirstFit(600)).toBe(third);
    expect(treap.findFirstFit(10)).toBe(first);
    expect(treap.lastOf(FILTER_HUGE)).toBe(third);
    expect(treap.precedingOf(third, FILTER_HUGE)).toBe(NIL);
  });
});

test("Fastrand is xorshift64+ as stubs.go has it", () => {
  const random = new Fastrand(0);
  random.state = [1, 2];
  // s1 = 1 ^ 1<<17 = 0x20001; ^ 2 ^ 0x20001>>7 (0x400) ^ 2>>16 (0) = 0x20403; result 2 + 0x20403.
  expect(random.next()).toBe(0x20405);
  expect(random.state).toEqual([2, 0x20403]);
});
