import { appendFileSync } from "node:fs";

/** A gctrace log that grows while a test runs, as that of a service with a steady load. */
export class WatchedLog {
  readonly file: string;
  #cycle = 0;
  #at = 0;

  constructor(file: string) {
    this.file = file;
    appendFileSync(file, "");
  }

  /** Adds cycles, one a second on the log's own clock; live heap in MiB. */
  add(count: number, live: number): void {
    for (let i = 0; i < count; i++) {
      this.#cycle++;
      this.#at++;
      appendFileSync(
        this.file,
        `gc ${this.#cycle} @${this.#at.toFixed(3)}s 2%: 0.07+1.8+0.01 ms clock, 0.1+0.1/0.6/0+0.03 ms cpu, ${live * 2}->${live * 2}->${live} MB, ${live * 2} MB goal, 1 MB stacks, 0 MB globals, 2 P\n`,
      );
    }
  }

  restart(): void {
    this.#cycle = 0;
    this.#at = 0;
  }
}
