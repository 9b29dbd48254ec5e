import type { Scenario } from "./scenario.ts";
import { MINUTE, MiB, PAGE, SECOND, type Workload } from "./workload.ts";

/** 192 MiB, of which 1 MiB in 32 stays: what is returned leaves huge pages with holes. */
export const hugePages: Scenario = {
  name: "huge-pages",
  title: "Transparent huge pages fill up what was returned",
  columns: ["mean-rss", "final-rss", "returned", "filled", "faults", "huge-faults"],
  defaults: {
    policies: ["go1.20", "go1.21.0", "go1.21.2", "go1.21.4", "go1.27"],
    thp: ["never", "madvise", "always"],
    maxPtesNone: [511],
  },
  drawn: ["go1.20", "go1.27"],
  program(w: Workload) {
    const spans: number[] = [];
    while (spans.length < (192 * MiB) / PAGE / 4) spans.push(w.alloc(4));
    w.wait(1 * SECOND);
    spans.forEach((span, i) => {
      if (i % 1024 >= 32) w.drop(span);
    });
    for (let i = 0; i < 4; i++) {
      w.gc();
      w.wait(1 * MINUTE);
    }
  },
};
