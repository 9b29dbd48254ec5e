/**
 * How fast a trace of Go 1.11-1.21 is read, and in how much memory.
 *
 *     node dist/bench/v1-read.js TRACE...
 *
 * Target: a quarter of the time of Go's own reader, and at most 200 MiB. Go's for comparison: fixtures/v1/make/make.sh
 * builds it (`make.sh reference-only PROGRAM`; `PROGRAM TRACE time` prints ms and events).
 */
import { openBytes } from "../parsers/source.ts";
import { goTraceV1 } from "../parsers/trace/v1-format.ts";

for (const path of process.argv.slice(2)) {
  for (let round = 0; round < 2; round++) {
    const start = performance.now();
    const source = await goTraceV1.open(await openBytes(path), {});
    let events = 0;
    let peak = 0;
    for await (const batch of source.batches()) {
      events += batch.length;
      peak = Math.max(peak, process.memoryUsage.rss());
    }
    await source.close();
    const ms = performance.now() - start;
    const losses = JSON.stringify(source.losses);
    console.log(
      `${path}: ${ms.toFixed(0)} ms, ${events} events, peak RSS ${(peak / 2 ** 20).toFixed(0)} MiB, losses ${losses}`,
    );
  }
}
