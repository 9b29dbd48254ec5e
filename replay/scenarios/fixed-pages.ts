import type { Scenario } from "./scenario.ts";
import { MINUTE, MiB, PAGE, SECOND, type Workload } from "./workload.ts";

/** 128 MiB of single pages, of which one in eight stays: 8 KiB in use in every 64 KiB. */
export const fixedPages: Scenario = {
  name: "fixed-pages",
  title: "The system gives and takes whole physical pages",
  columns: ["peak-rss", "final-rss", "returned", "used-again", "faults", "return-calls"],
  defaults: { policies: ["go1.13", "go1.18", "go1.27"], physPageSizes: [4096, 16384, 65536] },
  drawn: [],
  program(w: Workload) {
    const spans: number[] = [];
    while (spans.length < (128 * MiB) / PAGE) spans.push(w.alloc(1));
    w.wait(1 * SECOND);
    spans.forEach((span, i) => {
      if (i % 8 !== 0) w.drop(span);
    });
    for (let i = 0; i < 4; i++) {
      w.gc();
      w.wait(1 * MINUTE);
    }
  },
};
