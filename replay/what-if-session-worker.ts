/** Thread body of a what-if session: reads the inputs and hands over what can be played. */
import { parentPort, workerData } from "node:worker_threads";
import { prepareWhatIf, type WhatIfOptions } from "./what-if.ts";
import type { SessionMessage } from "./what-if-session.ts";

const { paths, options } = workerData as { paths: readonly string[]; options: WhatIfOptions };
const say = (message: SessionMessage): void => parentPort?.postMessage(message);
try {
  const { job, recorded, recorderBytes } = await prepareWhatIf(paths, {
    ...options,
    onProgress: ({ fraction, events }) => say({ is: "progress", fraction, events }),
  });
  say({ is: "ready", job: { job, recorded, recorderBytes } });
} catch (error) {
  const { name, message } = error as Error;
  say({ is: "failed", name, message });
}
