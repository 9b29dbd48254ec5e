/**
 * 64 what-if runs of one trace in one thread and in two: how much the second thread is worth, and what reading once saves.
 *
 *     npm run build && node bench/what-if.mjs [trace] [threads]
 */
import { performance } from "node:perf_hooks";
import { combine, prepareWhatIf, runPrepared } from "../dist/replay/what-if.js";

const [trace = "fixtures/cache-1.27/trace.out.gz", wanted = "2"] = process.argv.slice(2);
const threads = Number(wanted);
const started = performance.now();
const prepared = await prepareWhatIf([trace]);
const decoded = performance.now() - started;
const settings = combine(prepared.recorded, {
  gogc: [25, 35, 50, 75, 100, 150, 200, 400],
  policy: ["go1.14", "go1.19", "go1.21", "go1.27"],
  physPageSize: [4096, 65536],
});

async function time(threads) {
  const from = performance.now();
  const runs = await runPrepared(prepared, settings, { threads });
  return { ms: performance.now() - from, runs };
}

await runPrepared(prepared, settings.slice(0, 4), { threads: 1 });
const one = await time(1);
const many = await time(threads);
const same = JSON.stringify(one.runs) === JSON.stringify(many.runs);
console.log(`${trace}: decoded once in ${decoded.toFixed(0)} ms, ${prepared.job.programs[0].objects} objects`);
console.log(`${settings.length} runs, 1 thread: ${one.ms.toFixed(0)} ms; ${threads} threads: ${many.ms.toFixed(0)} ms`);
console.log(`speedup ${(one.ms / many.ms).toFixed(2)}, results ${same ? "equal" : "DIFFER"}`);
process.exitCode = same ? 0 : 1;
