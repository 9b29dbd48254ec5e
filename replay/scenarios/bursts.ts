import type { Scenario } from "./scenario.ts";
import { MINUTE, MiB, PAGE, SECOND, type Workload } from "./workload.ts";

const BURST = (256 * MiB) / PAGE;
const BUFFER = 8;

/** A service that idles at some 20 MiB, with a burst of requests after 30 seconds and another one after 12 minutes. */
export const bursts: Scenario = {
  name: "bursts",
  title: "A burst of requests, and a long time of quiet",
  columns: ["peak-rss", "mean-rss", "final-rss", "background", "growth", "used-again"],
  defaults: { policies: ["go1.11", "go1.12", "go1.13", "go1.14", "go1.16", "go1.18", "go1.19", "go1.22", "go1.27"] },
  drawn: ["go1.11", "go1.12", "go1.13", "go1.27"],
  program(w: Workload) {
    for (let i = 0; i < 2560; i++) w.alloc(1);
    w.wait(30 * SECOND);
    burst(w);
    w.wait(12 * MINUTE - w.now);
    burst(w);
    w.wait(14 * MINUTE - w.now);
  },
};

/** The same, but that in the time of quiet a megabyte of buffers is used every ten seconds. */
export const trickle: Scenario = {
  name: "trickle",
  title: "The same burst, but never quite quiet",
  columns: ["mean-rss", "final-rss", "background", "growth", "used-again"],
  defaults: { policies: ["go1.11", "go1.12", "go1.13", "go1.16", "go1.22", "go1.27"] },
  drawn: ["go1.11", "go1.27"],
  program(w: Workload) {
    for (let i = 0; i < 2560; i++) w.alloc(1);
    w.wait(30 * SECOND);
    burst(w);
    for (let i = 0; i < 78; i++) {
      w.wait(10 * SECOND);
      for (let k = 0; k < 16; k++) w.drop(w.alloc(BUFFER));
    }
    w.wait(14 * MINUTE - w.now);
  },
};

function burst(w: Workload): void {
  const buffers: number[] = [];
  for (let i = 0; i < BURST / BUFFER; i++) buffers.push(w.alloc(BUFFER, i));
  w.wait(5 * SECOND);
  for (const buffer of buffers) w.drop(buffer);
}
