// How fast exports write: rows of a made-up replay, so that only the writing is timed. Prints MB/s of output, millions of rows,
// MB/s of the rows as doubles (what parquet packs to a fourteenth) and the memory held.
//
//	npm run build && node bench/export-speed.mjs
import process from "node:process";
import { EXPORTERS } from "../dist/cli/export/registry.js";

const ROWS = 2_000_000;
/** Of a row below. */
const COLUMNS = 9;

for (const name of ["csv", "ndjson", "parquet", "perfetto"]) {
  const exporter = EXPORTERS.find((candidate) => candidate.name === name);
  let bytes = 0;
  let most = 0;
  const job = {
    inputs: ["trace.out"],
    samples: "all",
    async replay({ rows }) {
      for (let i = 0; i < ROWS; i++) {
        const inUse = 200e6 + ((i * 8192) % 90e6);
        rows.add({
          t: i * 16_384,
          rss: inUse + 40e6,
          heapInuse: inUse,
          heapFree: 31e6 - (i % 1000) * 8192,
          heapReleased: 151e6 + (i % 7) * 65_536,
          stacks: 425_984,
          heapLive: inUse - 5e6,
          heapGoal: 232_282_394,
          mapped: 381_681_664,
        });
        if (i % 8192 === 0) await rows.drain();
      }
      return { marks: [], gcs: [], partial: false };
    },
  };
  const start = performance.now();
  await exporter.write(job, {
    async write(chunk) {
      bytes += chunk.length;
      most = Math.max(most, process.memoryUsage.rss());
    },
  });
  const seconds = (performance.now() - start) / 1000;
  console.log(
    `${name.padEnd(9)} ${(bytes / 1e6 / seconds).toFixed(0).padStart(5)} MB/s  ${(ROWS / 1e6 / seconds).toFixed(2)} million rows/s  ${((ROWS * COLUMNS * 8) / 1e6 / seconds).toFixed(0).padStart(4)} MB/s of doubles  ${(most / 2 ** 20).toFixed(0)} MiB RSS`,
  );
}
