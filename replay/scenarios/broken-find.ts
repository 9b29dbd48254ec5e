import type { Scenario } from "./scenario.ts";
import { MINUTE, type Workload } from "./workload.ts";

/** Large buffers come and go while small spans of many sizes are taken and given back among them. */
export const brokenFind: Scenario = {
  name: "broken-find",
  title: "Best fit that misses better fits (golang/go#31616)",
  columns: ["peak-rss", "final-rss", "final-mapped", "growth", "return-calls"],
  defaults: { policies: ["go1.11", "go1.12-dev", "go1.12", "go1.13"], seeds: 5 },
  drawn: ["go1.12-dev", "go1.12"],
  program(w: Workload) {
    const small: number[] = [];
    const large: number[] = [];
    for (let round = 0; round < 240; round++) {
      for (let i = 0; i < 4; i++) large.push(w.alloc(w.random.int(500, 1500)));
      for (let i = 0; i < 150; i++) small.push(w.alloc(w.random.int(1, 12)));
      while (large.length > 8) w.drop(large.shift()!);
      while (small.length > 3000) w.drop(take(w, small));
      w.wait(0.5e9);
    }
    w.wait(4 * MINUTE - w.now);
  },
};

/** Takes a random element out of a list whose order does not matter. */
function take(w: Workload, list: number[]): number {
  const i = w.random.int(0, list.length - 1);
  const taken = list[i]!;
  list[i] = list.at(-1)!;
  list.pop();
  return taken;
}
