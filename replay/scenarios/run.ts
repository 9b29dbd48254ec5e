/** Plays a scenario under every combination asked for. */
import { eraFor } from "../../allocator/eras/index.ts";
import { minorOf } from "../era-rules.ts";
import { type FeedbackRow, feedbackRows } from "./feedback-scenario.ts";
import { type LockCurveRow, lockCurve } from "./lock-curve.ts";
import { type Played, play, type ScenarioRun } from "./play.ts";
import { DEFAULT_OPTIONS, type Scenario, type ScenarioOptions } from "./scenario.ts";
import { Workload } from "./workload.ts";

export interface ScenarioResult {
  readonly name: string;
  readonly title: string;
  readonly runs: ScenarioRun[];
  readonly lockCurve: LockCurveRow[] | null;
  readonly feedback: FeedbackRow[] | null;
}

/** Seed of the programs themselves: a scenario is one program, whatever seed the runtime has. */
const PROGRAM_SEED = 1;

export function runScenario(scenario: Scenario, asked: Partial<ScenarioOptions> = {}): ScenarioResult {
  const options: ScenarioOptions = { ...DEFAULT_OPTIONS, ...scenario.defaults, ...asked };
  const { program } = scenario;
  const runs: ScenarioRun[] = [];
  const programs = new Map<string, Played>();
  if (program) {
    for (const procs of options.procs)
      for (const gogc of options.gogc)
        for (const memoryLimit of options.memoryLimits)
          for (const os of options.os)
            for (const physPageSize of options.physPageSizes)
              for (const thp of options.thp)
                for (const maxPtesNone of thp === "never" ? [options.maxPtesNone[0]!] : options.maxPtesNone)
                  for (const policy of options.policies)
                    for (let seed = 1; seed <= options.seeds; seed++) {
                      // Versions without a memory limit run the program as if none was given.
                      const limit = minorOf(eraFor(policy).since) >= 19 ? memoryLimit : Number.POSITIVE_INFINITY;
                      const key = `${procs} ${gogc} ${limit}`;
                      let played = programs.get(key);
                      if (!played) {
                        const w = new Workload({ seed: PROGRAM_SEED, procs, gogc, memoryLimit: limit });
                        program(w);
                        played = { batches: w.batches, pressures: w.pressures, end: w.now };
                        programs.set(key, played);
                      }
                      const setting = { policy, seed, procs, physPageSize, os, thp, maxPtesNone, gogc, memoryLimit };
                      runs.push(play(played, setting));
                    }
  }
  return {
    name: scenario.name,
    title: scenario.title,
    runs,
    lockCurve: scenario.extra === "lock-curve" ? lockCurve() : null,
    feedback: scenario.extra === "feedback" ? feedbackRows(options.procs[0]!, options.gogc[0]!) : null,
  };
}
