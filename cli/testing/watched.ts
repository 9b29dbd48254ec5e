import { appendFileSync } from "node:fs";

/** A line of gctrace: a cycle a second; live heap in MiB. */
export function gcLine(cycle: number, live: number): string {
  return `gc ${cycle} @${cycle.toFixed(3)}s 2%: 0.07+1.8+0.01 ms clock, 0.1+0.1/0.6/0+0.03 ms cpu, ${live * 2}->${live * 2}->${live} MB, ${live * 2} MB goal, 1 MB stacks, 0 MB globals, 2 P`;
}

/** A gctrace log that grows while a test runs, as that of a service. */
export class WatchedLog {
  readonly file: string;
  #cycle = 0;

  constructor(file: string) {
    this.file = file;
    appendFileSync(file, "");
  }

  /** Adds cycles; live heap in MiB. */
  add(count: number, live: number): void {
    for (let i = 0; i < count; i++) appendFileSync(this.file, `${gcLine(++this.#cycle, live)}\n`);
  }

  restart(): void {
    this.#cycle = 0;
  }
}
