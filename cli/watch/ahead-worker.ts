/** Thread body of forecast.ts: plays a log ahead without holding up the screen. */
import { parentPort } from "node:worker_threads";
import { rssAhead } from "../../replay/ahead.ts";
import type { Answer, Question } from "./forecast.ts";

parentPort!.on("message", async ({ lines, horizon }: Question) => {
  const started = performance.now();
  const ahead = await rssAhead(lines, horizon);
  parentPort!.postMessage({ ahead, tookMs: performance.now() - started } satisfies Answer);
});
