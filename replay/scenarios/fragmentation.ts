import type { Scenario } from "./scenario.ts";
import { MINUTE, MiB, PAGE, SECOND, type Workload } from "./workload.ts";

const LIVE = (128 * MiB) / PAGE;

/** Spans of all sizes die at random; some live on; then the load falls to a tenth. */
export const fragmentation: Scenario = {
  name: "fragmentation",
  title: "Spans of all sizes and ages, then little load",
  columns: ["peak-rss", "final-rss", "final-mapped", "returned", "used-again", "return-calls"],
  defaults: { policies: ["go1.11", "go1.12-dev", "go1.12", "go1.13", "go1.14", "go1.18", "go1.21", "go1.27"] },
  drawn: ["go1.12", "go1.13", "go1.27"],
  program(w: Workload) {
    const spans: number[] = [];
    let pages = 0;
    const fill = (until: number): void => {
      while (pages < until) {
        const n = w.random.next() < 0.9 ? w.random.int(1, 4) : w.random.int(5, 64);
        spans.push(w.alloc(n, w.random.int(0, w.procs - 1)));
        pages += n;
      }
    };
    const thin = (until: number): void => {
      while (pages > until) {
        const i = w.random.int(0, spans.length - 1);
        const span = spans[i]!;
        spans[i] = spans.at(-1)!;
        spans.pop();
        pages -= w.pagesOf(span);
        w.drop(span);
      }
    };
    for (let round = 0; round < 40; round++) {
      fill(LIVE);
      thin(LIVE * 0.7);
      w.wait(0.5 * SECOND);
    }
    thin(LIVE * 0.1);
    for (let i = 0; i < 30; i++) {
      w.wait(10 * SECOND);
      for (let k = 0; k < 200; k++) w.drop(w.alloc(w.random.int(1, 4), k));
    }
    w.wait(10 * MINUTE - w.now);
  },
};
