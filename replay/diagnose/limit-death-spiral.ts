import type { Facts } from "./facts.ts";
import { CAPTURE, notEnough, present, type Rule, ruledOut } from "./rule.ts";
import { median } from "./series.ts";
import { MiB, mib, percent } from "./text.ts";

/** GOGC that makes goals this close to what is alive, as a limit does. */
const LOW = 20;
/** What is alive must have grown by so much for that to be told, and the room with it by this share of that. */
const GROWS = 1.5;
const WITH_IT = 0.75;
/** A log rounds to MiB: figures of smaller heaps tell no ratio. */
const LEAST_LIVE = 8 * MiB;

/** Whether the room up to the goal rises with what is alive, as a low GOGC makes it: that of a limit does not. */
function followsLive(facts: Facts): boolean {
  const cycles: { marked: number; room: number }[] = [];
  for (let i = 0; i + 1 < facts.gcs.length; i++) {
    const { marked } = facts.gcs[i]!;
    const room = facts.gcs[i + 1]!.goal - marked;
    if (marked >= LEAST_LIVE && room > 0) cycles.push({ marked, room });
  }
  if (cycles.length < 6) return false;
  cycles.sort((a, b) => a.marked - b.marked);
  const third = Math.floor(cycles.length / 3);
  const [low, high] = [cycles.slice(0, third), cycles.slice(-third)].map((some) => ({
    marked: median(some.map((c) => c.marked)),
    room: median(some.map((c) => c.room)),
  }));
  const grown = high!.marked / low!.marked;
  return grown >= GROWS && high!.room >= WITH_IT * grown * low!.room && high!.room < (LOW / 100) * high!.marked;
}

export const limitDeathSpiral: Rule = {
  meta: {
    id: "limit-death-spiral",
    number: 10,
    title: "The live heap does not fit under GOMEMLIMIT: GC without pause",
    since: 19,
    until: null,
  },
  audit(facts: Facts) {
    if (facts.version.since(19) === false)
      return ruledOut(facts.evidence(`${facts.version.text} has no memory limit`, ""));
    const { gcs, gogc } = facts;
    if (gcs.length < 10) {
      if (facts.settings.memoryLimitKnown && facts.limit === null)
        return ruledOut(facts.evidence("there is no memory limit", ""));
      return notEnough(CAPTURE.gctrace, facts.evidence(`${gcs.length} GC cycles in the inputs`, facts.gcSource));
    }
    const n = Math.min(20, gcs.length - 1);
    let best: { from: number; share: number; live: number; room: number } | null = null;
    for (let i = 0; i + n < gcs.length; i += Math.max(1, n >> 1)) {
      const window = gcs.slice(i, i + n + 1);
      const live = median(window.map((gc) => gc.marked));
      if (!facts.notable(live)) continue;
      // With GOGC=off a trace tells no goals (traceruntime.go:HeapGoal): what the next GC began with is one it came to.
      const goalOf = (gc: (typeof window)[number]) => (gc.goal > 0 ? gc.goal : gc.heapStart);
      const room = median(window.slice(1).map((gc, j) => goalOf(gc) - window[j]!.marked)) / live;
      const share = window.slice(0, n).reduce((sum, gc) => sum + gc.end - gc.t, 0) / (window[n]!.t - window[0]!.t);
      if (room < 0.15 && (best === null || share > best.share)) best = { from: i, share, live, room };
    }
    const lowGogc = typeof facts.settings.gogc === "number" ? facts.settings.gogc < LOW : followsLive(facts);
    if (!best || best.share < 0.3 || (lowGogc && facts.limit === null)) {
      return ruledOut(
        facts.evidence(
          best
            ? `where goals were close to what is alive, GCs ran for ${percent(best.share)} of the time`
            : `no stretch of ${n} GCs had goals close to what was alive`,
          facts.gcSource,
        ),
      );
    }
    const used = Math.max(...gcs.slice(-1000).map((gc) => gc.utilization));
    return present(
      best.live,
      [
        facts.evidence(
          `${n} GCs ran for ${percent(best.share)} of the time, with goals ${percent(Math.max(0, best.room))} above the ${mib(best.live)} alive`,
          facts.gcSource,
          gcs[best.from]!.t,
        ),
        ...(Number.isFinite(used)
          ? [facts.evidence(`GCs took ${used} % of all CPU time (the runtime bounds it near 50 %)`, facts.gcSource)]
          : []),
        facts.evidence(
          facts.limit === null
            ? `GOGC seems to be ${gogc ?? "off"}; only a memory limit makes goals as low as that`
            : `GOMEMLIMIT is ${mib(facts.limit)}`,
          "",
        ),
      ],
      `Raise GOMEMLIMIT clearly above ${mib(best.live)} plus stacks and metadata, or keep fewer bytes alive.`,
    );
  },
};
