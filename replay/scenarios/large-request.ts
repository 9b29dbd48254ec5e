import type { Scenario } from "./scenario.ts";
import { MiB, PAGE, SECOND, type Workload } from "./workload.ts";

/** 256 MiB of which every other 64 KiB are free; then 96 MiB in pieces of 4 MiB, which fit into no hole. */
export const largeRequest: Scenario = {
  name: "large-request",
  title: "A large request in a fragmented heap",
  columns: ["peak-rss", "final-rss", "final-mapped", "background", "growth", "limit"],
  defaults: { policies: ["go1.11", "go1.12", "go1.13", "go1.14", "go1.16", "go1.18", "go1.19", "go1.22", "go1.27"] },
  drawn: ["go1.11", "go1.12", "go1.27"],
  program(w: Workload) {
    const spans: number[] = [];
    for (let i = 0; i < (256 * MiB) / PAGE / 8; i++) spans.push(w.alloc(8));
    w.gc();
    for (let i = 0; i < spans.length; i += 2) w.drop(spans[i]!);
    w.gc();
    w.wait(1 * SECOND);
    for (let i = 0; i < 24; i++) {
      w.alloc((4 * MiB) / PAGE);
      w.wait(0.1 * SECOND);
    }
    w.wait(30 * SECOND);
  },
};
