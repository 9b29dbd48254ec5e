import type { Scenario } from "./scenario.ts";
import { MINUTE, MiB, PAGE, SECOND, type Workload } from "./workload.ts";

/** Two bursts; between them another program asks for half of what lies idle. */
export const lazyFree: Scenario = {
  name: "lazy-free",
  title: "MADV_FREE: returned, and still there",
  columns: ["mean-rss", "final-rss", "lazy", "footprint", "returned", "used-again", "faults"],
  defaults: { policies: ["go1.11", "go1.12", "go1.13", "go1.15", "go1.16", "go1.27"] },
  drawn: ["go1.15", "go1.16"],
  program(w: Workload) {
    for (let i = 0; i < 2048; i++) w.alloc(1);
    for (let burst = 0; burst < 2; burst++) {
      const held: number[] = [];
      while (held.length < (160 * MiB) / PAGE / 8) held.push(w.alloc(8));
      w.wait(2 * SECOND);
      for (const span of held) w.drop(span);
      w.gc();
      w.wait(3 * SECOND);
      w.gc();
      w.wait(3 * MINUTE);
      if (burst === 0) w.pressure(64 * MiB);
      w.wait(3 * MINUTE);
    }
  },
};
