import type { Scenario } from "./scenario.ts";
import { MINUTE, MiB, PAGE, SECOND, type Workload } from "./workload.ts";

/** One burst of 160 MiB, then quiet. */
export const operatingSystems: Scenario = {
  name: "operating-systems",
  title: "Touch it again, or ask first",
  columns: ["final-rss", "footprint", "final-mapped", "peak-commit", "final-commit", "faults"],
  defaults: {
    policies: ["go1.11", "go1.12", "go1.13", "go1.16", "go1.27"],
    os: ["linux", "darwin", "windows"],
  },
  drawn: [],
  program(w: Workload) {
    for (let i = 0; i < 1024; i++) w.alloc(1);
    const held: number[] = [];
    while (held.length < (160 * MiB) / PAGE / 8) held.push(w.alloc(8));
    w.wait(2 * SECOND);
    for (const span of held) w.drop(span);
    w.gc();
    w.wait(2 * SECOND);
    w.gc();
    w.wait(10 * MINUTE);
  },
};
