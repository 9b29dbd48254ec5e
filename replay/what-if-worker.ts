/** Thread body of what-if runs: takes the next setting until there is none. */
import { parentPort, workerData } from "node:worker_threads";
import type { Setting, WorkerJob } from "./what-if.ts";
import { prepare, runSetting } from "./what-if-run.ts";

const { job, settings, next } = workerData as {
  job: WorkerJob;
  settings: readonly Setting[];
  next: Int32Array<SharedArrayBuffer>;
};
const prepared = prepare(job);
for (;;) {
  const index = Atomics.add(next, 0, 1);
  if (index >= settings.length) break;
  parentPort?.postMessage({ index, run: runSetting(prepared, settings[index]!) });
}
