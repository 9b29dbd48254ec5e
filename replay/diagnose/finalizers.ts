import type { GoroutineGroup } from "../../parsers/goroutines.ts";
import type { Facts } from "./facts.ts";
import { CAPTURE, notEnough, present, type Rule, ruledOut } from "./rule.ts";
import { mib } from "./text.ts";

/** mfinal.go: runfinq up to 1.24, runFinalizers since 1.25; mcleanup.go: runCleanups since 1.24. */
const RUNNERS = /^runtime\.(runfinq|runFinalizers|runCleanups)$/;

/** The function that a finalizer or cleanup at work is in; the runtime's own, and a runner that waits for work, are none. */
function atWork(group: GoroutineGroup): string | null {
  const runner = group.frames.findIndex((frame) => RUNNERS.test(frame));
  const own = group.frames.slice(0, Math.max(0, runner)).findLast((frame) => !frame.startsWith("runtime."));
  return own ?? null;
}

function advice(facts: Facts): string {
  const checks =
    facts.version.since(25) === true ? " GODEBUG=checkfinalizers=1 reports such cycles and the queue's length." : "";
  const cleanup =
    facts.version.since(24) === true
      ? "runtime.AddCleanup instead of SetFinalizer (its object goes with the first GC, cycles do not matter)"
      : "no cycles through objects with finalizers";
  return `Free what an object holds by a Close that its user calls; finalizers that return at once (hand slow work to another goroutine: one goroutine runs them all); ${cleanup}.${checks}`;
}

export const finalizers: Rule = {
  meta: {
    id: "finalizers",
    number: 35,
    title: "Objects with finalizers live a GC longer, or for ever in a cycle",
    since: null,
    until: null,
  },
  audit(facts: Facts) {
    const queue = facts.series("finalizer_queue");
    const dump = facts.input.goroutines.at(-1);
    let running: string | null = null;
    for (const group of dump?.dump.groups ?? []) running ??= atWork(group);
    const grown = facts.liveGrowth;
    const held = facts.evidence(`what is alive grew by ${mib(grown)} meanwhile`, facts.gcSource, facts.endT);
    if (queue && queue.last >= QUEUED) {
      const seen = facts.evidence(`${queue.last} finalizers were queued and not yet run`, queue.source, queue.lastT);
      return facts.notable(grown) ? present(grown, [seen, held], advice(facts)) : ruledOut(seen, held);
    }
    if (running !== null) {
      const seen = facts.evidence(
        `a finalizer or cleanup was at work in ${running}: those behind it wait, with what their objects hold`,
        dump!.source,
      );
      if (!Number.isFinite(grown)) return notEnough(CAPTURE.gctrace, seen);
      return facts.notable(grown) ? present(grown, [seen, held], advice(facts)) : ruledOut(seen, held);
    }
    const runner = facts.version.since(25) === false ? "runtime.runfinq" : "runtime.runFinalizers";
    return notEnough(
      CAPTURE.goroutines,
      facts.evidence(
        dump
          ? "no finalizer is at work in the goroutine dump; objects of a cycle with a finalizer show nowhere"
          : `no statistic and no heap profile shows the queue of finalizers: look for a goroutine in ${runner} that does not come to an end`,
        dump?.source ?? "",
      ),
    );
  },
};

/** A queue that long is not one that the next moment empties. */
const QUEUED = 100;
