import { eraFor } from "../../allocator/eras/index.ts";
import { slotSizesFor } from "../../allocator/size-classes.ts";
import type { EventBatch } from "../../parsers/events.ts";
import { HeapHistory } from "../../replay/heap-history/heap-history.ts";
import { HeapRecorder } from "../../replay/heap-history/heap-recorder.ts";
import { SlotsInUse } from "../../replay/heap-history/slots-in-use.ts";
import type { TimelineRow } from "../../replay/result.ts";

const PAGE = 8192;
/** Moments of the timeline at which the fake heap changes; of a huge heap fewer, so that it takes no time to make. */
const MOMENTS = 60;
const FEW_MOMENTS = 8;
const HUGE_PAGES = 200_000;
const TYPES = new Map([
  [1, { name: "main.node", size: 48 }],
  [2, { name: "[]uint8", size: 24 }],
]);
const NO_EVENTS: EventBatch = {
  length: 0,
  kind: new Uint8Array(),
  time: new Float64Array(),
  p: new Int16Array(),
  addr: new Float64Array(),
  size: new Float64Array(),
  aux: new Int32Array(),
};

/** The history of a real page heap whose pages in use and returned are about those of the rows. The same rows, the same history. */
export function fakeHistory(timeline: readonly TimelineRow[]): HeapHistory {
  const slotSizes = slotSizesFor("go1.27");
  const history = new HeapHistory({ slotSizes, holdsDense: true, hasObjects: true });
  history.types = TYPES;
  const heap = eraFor("go1.22").create({ physPageSize: 4096, physHugePageSize: 2 << 20, goos: "linux", procs: 4 });
  const objects = new SlotsInUse(slotSizes, false);
  const recorder = new HeapRecorder({ heap, objects, placed: true }, history);
  const spans: { base: number; pages: number; kind: number }[] = [];
  let seed = 12345;
  const random = (n: number): number => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return (seed >>> 8) % n;
  };
  const most = timeline.reduce((pages, row) => Math.max(pages, row.heapInuse / PAGE), 0);
  // Small spans as in programs; of a huge heap larger ones too.
  const largest = Math.max(24, Math.ceil(most / 300));
  const step = Math.max(1, Math.floor(timeline.length / (most > HUGE_PAGES ? FEW_MOMENTS : MOMENTS)));
  let inUse = 0;
  for (let i = 0; i < timeline.length; i += step) {
    const { t, heapInuse, stacks, heapReleased } = timeline[i]!;
    const target = (heapInuse + stacks) / PAGE;
    // Some die anyway: a heap without holes is none.
    const dying = Math.floor(spans.length / 10);
    for (let k = 0; spans.length > 0 && (k < dying || inUse > target); k++) {
      const [span] = spans.splice(random(spans.length), 1);
      objects.spanFree(span!.base, span!.pages);
      heap.freeSpan(span!.base, span!.pages, span!.kind < 0);
      inUse -= span!.pages;
    }
    while (inUse < target) {
      const wanted = random(4) > 0 ? 1 + random(4) : 1 + random(largest);
      const pages = Math.max(1, Math.min(wanted, Math.ceil(target - inUse)));
      const kind = random(12) === 0 ? -1 : pages > 10 ? random(2) : 2 * (10 + random(20)) + random(2);
      const p = random(4);
      const base = heap.allocSpan(pages, p, kind < 0);
      spans.push({ base, pages, kind });
      recorder.spanTaken(base, pages, kind, p);
      inUse += pages;
      if (kind < 0) continue;
      objects.spanAlloc(base, pages, kind);
      const slots = kind < 2 ? 1 : Math.floor((pages * PAGE) / slotSizes[kind >> 1]!);
      for (let slot = Math.min(64, random(slots + 1)); slot > 0; slot--) objects.objectAlloc(base + slot - 1);
    }
    recorder.commit(t);
    if (heap.stats.released < heapReleased) heap.scavenge(heapReleased - heap.stats.released);
    if (i % (step * 5) === 0) heap.markTermination();
    recorder.batchDone(NO_EVENTS, t);
  }
  recorder.finish(timeline.at(-1)?.t ?? 0);
  return history;
}
