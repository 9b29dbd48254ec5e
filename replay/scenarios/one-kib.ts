import type { Scenario } from "./scenario.ts";
import type { Workload } from "./workload.ts";

/** Every P allocates objects of 1 KiB, eight to a span, that die at once. */
export const oneKib: Scenario = {
  name: "one-kib",
  title: "Objects of 1 KiB on many cores: the heap lock",
  columns: ["lock", "lock-avoided", "gcs", "peak-rss"],
  defaults: { policies: ["go1.11", "go1.12", "go1.13", "go1.14", "go1.18", "go1.27"], procs: [8] },
  drawn: [],
  extra: "lock-curve",
  program(w: Workload) {
    for (let i = 0; i < 20_000; i++) w.drop(w.alloc(1, i));
  },
};
