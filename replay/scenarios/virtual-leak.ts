import type { Scenario } from "./scenario.ts";
import { MiB, PAGE, SECOND, type Workload } from "./workload.ts";

/** Buffers of every generation are larger than any hole that the ones before have left; of each, one in sixteen stays. */
export const virtualLeak: Scenario = {
  name: "virtual-leak",
  title: "Address space grows, memory does not",
  columns: ["final-rss", "final-mapped", "peak-commit", "final-commit", "growth", "background"],
  defaults: { policies: ["go1.11", "go1.12", "go1.13", "go1.16", "go1.22", "go1.27"], os: ["linux", "windows"] },
  drawn: ["go1.11", "go1.27"],
  program(w: Workload) {
    for (let pages = 1; pages <= 17 ** 3; pages *= 17) {
      const spans: number[] = [];
      for (let sum = 0; sum < (128 * MiB) / PAGE; sum += pages) spans.push(w.alloc(pages));
      w.wait(2 * SECOND);
      spans.forEach((span, i) => {
        if (i % 16 !== 0) w.drop(span);
      });
      w.gc();
      w.wait(20 * SECOND);
    }
    w.wait(60 * SECOND);
  },
};
