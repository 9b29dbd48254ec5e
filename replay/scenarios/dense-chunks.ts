import type { Scenario } from "./scenario.ts";
import { MiB, PAGE, SECOND, type Workload } from "./workload.ts";

/** Below: 96 MiB that are free. Above: 128 MiB in full use but for single pages that are given back and taken again. */
export const denseChunks: Scenario = {
  name: "dense-chunks",
  title: "Holes in chunks that are nearly full",
  columns: ["mean-rss", "background", "return-calls", "used-again", "faults", "huge-faults"],
  defaults: { policies: ["go1.16", "go1.18", "go1.20", "go1.21", "go1.22", "go1.27"], thp: ["never", "always"] },
  drawn: ["go1.20", "go1.27"],
  program(w: Workload) {
    const low: number[] = [];
    while (low.length < (96 * MiB) / PAGE / 8) low.push(w.alloc(8));
    const high: number[] = [];
    while (high.length < (128 * MiB) / PAGE) high.push(w.alloc(1));
    for (const span of low) w.drop(span);
    for (let i = 0; i < 14; i++) {
      // One page of each chunk of the upper part dies, and as many are allocated again before the next round.
      for (let k = i; k < high.length; k += 512) {
        w.drop(high[k]!);
        high[k] = w.alloc(1, k);
      }
      w.gc();
      w.wait(2 * SECOND);
    }
    w.wait(10 * SECOND);
  },
};
