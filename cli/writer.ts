import { isClosedPipe, outputError } from "./errors.ts";

/** Output that waits for a slow reader and notices one that went away. */
export class Writer {
  readonly #stream: NodeJS.WriteStream;
  #error: Error | undefined;
  readonly #onError = (error: Error): void => {
    this.#error ??= isClosedPipe(error) ? error : outputError("standard output", error);
  };

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
    // Without a listener, EPIPE would end the process with a stack trace.
    stream.on("error", this.#onError);
  }

  /** Writes text or bytes; resolves when more may be written. Rejects when the reader is gone. */
  async write(chunk: string | Uint8Array): Promise<void> {
    this.#check();
    if (!this.#stream.write(chunk)) await this.#wait(["drain"]);
    this.#check();
  }

  /** Resolves when everything is with the system. */
  async flush(): Promise<void> {
    this.#check();
    await new Promise<void>((resolve) => {
      this.#stream.write("", () => resolve());
    });
    this.#check();
  }

  /** Stops listening. An error that comes later must still not bring the process down, so one listener stays. */
  close(): void {
    this.#stream.on("error", ignore);
    this.#stream.off("error", this.#onError);
  }

  #check(): void {
    if (this.#error) throw this.#error;
  }

  #wait(events: readonly string[]): Promise<void> {
    const all = [...events, "error", "close"];
    return new Promise((resolve) => {
      const done = (): void => {
        for (const event of all) this.#stream.off(event, done);
        resolve();
      };
      for (const event of all) this.#stream.on(event, done);
    });
  }
}

function ignore(): void {}
