import type { Scenario } from "./scenario.ts";
import { MINUTE, MiB, PAGE, SECOND, type Workload } from "./workload.ts";

/** A cache of 64 MiB, and six jobs of 96 MiB, each with larger buffers than the one before, under GOMEMLIMIT=224MiB. */
export const memoryLimit: Scenario = {
  name: "memory-limit",
  title: "GOMEMLIMIT, and who works for it",
  columns: ["peak-rss", "mean-rss", "background", "growth", "limit", "gcs"],
  defaults: { policies: ["go1.18", "go1.19", "go1.20", "go1.21", "go1.22", "go1.27"], memoryLimits: [224 * MiB] },
  drawn: ["go1.18", "go1.19", "go1.27"],
  program(w: Workload) {
    for (let i = 0; i < (64 * MiB) / PAGE / 2; i++) w.alloc(2);
    for (let pages = 3; pages < 1600; pages *= 3) {
      const held: number[] = [];
      for (let sum = 0; sum < (96 * MiB) / PAGE; sum += pages) held.push(w.alloc(pages, held.length));
      w.wait(5 * SECOND);
      // A few of them outlive the job, so that the next one's buffers don't fit into what it leaves.
      held.forEach((span, i) => {
        if (i % 32 !== 0) w.drop(span);
      });
      for (let i = 0; i < 20; i++) {
        w.wait(1 * SECOND);
        for (let k = 0; k < (4 * MiB) / PAGE / 2; k++) w.drop(w.alloc(2, k));
      }
    }
    w.wait(3 * MINUTE - w.now);
  },
};
