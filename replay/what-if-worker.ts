/** Thread body of what-if runs: gets the job once, then one setting a message. */
import { parentPort, workerData } from "node:worker_threads";
import type { Setting, WorkerJob } from "./what-if.ts";
import { prepare, runSetting } from "./what-if-run.ts";

const prepared = prepare(workerData as Omit<WorkerJob, "settings">);
parentPort?.on("message", (setting: Setting & { index: number }) => {
  parentPort?.postMessage({ index: setting.index, run: runSetting(prepared, setting) });
});
