import type { Scenario } from "./scenario.ts";
import { MINUTE, MiB, PAGE, SECOND, type Workload } from "./workload.ts";

/** A cache of 96 MiB, and a job of 80 MiB now and then, with GOMEMLIMIT=224MiB. */
export const memoryLimit: Scenario = {
  name: "memory-limit",
  title: "GOMEMLIMIT, and who works for it",
  columns: ["peak-rss", "mean-rss", "background", "growth", "limit", "gcs"],
  defaults: { policies: ["go1.18", "go1.19", "go1.20", "go1.21", "go1.22", "go1.27"], memoryLimits: [224 * MiB] },
  drawn: ["go1.18", "go1.19", "go1.27"],
  program(w: Workload) {
    for (let i = 0; i < (96 * MiB) / PAGE / 2; i++) w.alloc(2);
    for (let job = 0; job < 6; job++) {
      const held: number[] = [];
      while (held.length < (80 * MiB) / PAGE / 16) held.push(w.alloc(16, held.length));
      for (let k = 0; k < (240 * MiB) / PAGE / 16; k++) w.drop(w.alloc(16, k));
      w.wait(5 * SECOND);
      for (const span of held) w.drop(span);
      for (let i = 0; i < 20; i++) {
        w.wait(1 * SECOND);
        for (let k = 0; k < (8 * MiB) / PAGE / 4; k++) w.drop(w.alloc(4, k));
      }
    }
    w.wait(3 * MINUTE - w.now);
  },
};
