import type { Scenario } from "./scenario.ts";
import { MiB, PAGE, SECOND, type Workload } from "./workload.ts";

/** The heap goes from 32 to 132 MiB and back every 20 seconds, for 5 minutes. */
export const spikesOfLoad: Scenario = {
  name: "spikes-of-load",
  title: "The heap goes up and down all the time",
  columns: ["peak-rss", "mean-rss", "background", "growth", "used-again", "faults", "return-calls"],
  defaults: { policies: ["go1.11", "go1.12", "go1.13", "go1.14", "go1.16", "go1.18", "go1.22", "go1.27"] },
  drawn: ["go1.13", "go1.14", "go1.27"],
  program(w: Workload) {
    for (let i = 0; i < (32 * MiB) / PAGE / 2; i++) w.alloc(2);
    for (let spike = 0; spike < 15; spike++) {
      const held: number[] = [];
      while (held.length < (100 * MiB) / PAGE / 4) held.push(w.alloc(4, held.length));
      w.wait(2 * SECOND);
      for (const span of held) w.drop(span);
      // Requests go on at a low rate, enough for a GC or two before the next spike.
      for (let i = 0; i < 18; i++) {
        w.wait(1 * SECOND);
        for (let k = 0; k < (12 * MiB) / PAGE / 4; k++) w.drop(w.alloc(4, k));
      }
    }
  },
};
