/**
 * How fast a log with 1 % gctrace lines is read, and in how much memory.
 *
 *     node dist/bench/log-read.js [MEGABYTES=1000]
 *
 * Target: 300 MB/s and memory that does not grow with the file.
 */
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openGctrace } from "../parsers/gctrace.ts";
import { openBytes } from "../parsers/source.ts";

const megabytes = Number(process.argv[2] ?? 1000);
const folder = mkdtempSync(join(tmpdir(), "gopages-bench-"));
try {
  const path = join(folder, "service.log");
  const cycles = writeLog(path, megabytes * 1e6);
  for (let round = 0; round < 3; round++) {
    const start = performance.now();
    const source = await openGctrace(await openBytes(path));
    let gcs = 0;
    for await (const batch of source.batches()) for (let i = 0; i < batch.length; i++) if (batch.kind[i] === 10) gcs++;
    await source.close();
    const seconds = (performance.now() - start) / 1e3;
    if (gcs !== cycles) throw new Error(`${gcs} of ${cycles} cycles found`);
    const rss = Math.round(process.memoryUsage().rss / 1e6);
    console.log(`${megabytes} MB, ${cycles} cycles: ${(megabytes / seconds).toFixed(0)} MB/s, RSS ${rss} MB`);
  }
} finally {
  rmSync(folder, { recursive: true });
}

/** A service's log, each hundredth line a GC's. Returns how many those are. */
function writeLog(path: string, bytes: number): number {
  const file = openSync(path, "w");
  let written = 0;
  let cycle = 0;
  for (let i = 0; written < bytes; ) {
    let text = "";
    for (let n = 0; n < 5000; n++, i++) {
      const time = new Date(1_700_000_000_000 + i * 7).toISOString();
      if (i % 100 !== 99) {
        text += `${time} INFO http: request method=GET path=/v1/accounts/${i % 977}/search?q=cache status=200 ms=${i % 83}\n`;
        continue;
      }
      cycle++;
      const at = (cycle * 0.7).toFixed(3);
      const heap = 40 + (cycle % 13);
      text += `${time} gc ${cycle} @${at}s 1%: 0.018+1.3+0.004 ms clock, 0.14+0.35/0.96/2.0+0.032 ms cpu, ${heap}->${heap + 1}->${heap - 20} MB, ${heap + 1} MB goal, 0 MB stacks, 0 MB globals, 8 P\n`;
    }
    written += writeSync(file, text);
  }
  closeSync(file);
  return cycle;
}
