/**
 * Measured samples as CSV: a column for the time (t_ns, t_ms or t_s), then any of OBSERVATIONS, as a sampler beside (or in)
 * the program wrote them. Empty cells and -1 mean "not measured here"; columns of other names are left out.
 */
import { InputError } from "./errors.ts";
import { type EventSource, newSourceInfo } from "./event-source.ts";
import { BATCH_CAPACITY, type EventBatch, NO_ADDR, NO_P, newBatch, OBSERVATION, OBSERVATIONS, push } from "./events.ts";
import type { ByteSource, Format } from "./format.ts";
import { Losses, type LossKind } from "./losses.ts";

const TIME_UNITS: Readonly<Record<string, number>> = { t_ns: 1, t_ms: 1e6, t_s: 1e9 };

/** A line this long is no CSV of samples. */
const MAX_LINE = 1 << 16;

const UNKNOWN_COLUMN: LossKind = {
  name: "unknown-columns",
  severity: "info",
  meaning: "columns of the samples that gopages has no use for were left out",
};
const BAD_CELL: LossKind = {
  name: "bad-cells",
  severity: "data-loss",
  meaning: "cells that are no number were left out",
};
const BAD_ROW: LossKind = {
  name: "bad-rows",
  severity: "data-loss",
  meaning: "rows without a time, or with too few or too many cells, were left out",
};
const UNORDERED: LossKind = {
  name: "unordered-rows",
  severity: "data-loss",
  meaning: "rows that go back in time were left out; sort the samples by time",
};

export const samplesCsv: Format = {
  id: "samples-csv",
  title: "samples CSV",
  gives: "measured RSS and heap statistics over time, to hold a prediction against",
  record: "a CSV with t_ns (or t_ms, t_s) and rss, heap_released, ... written beside the trace",
  evidence: "exact",
  detect(head) {
    const line = firstLine(head);
    if (line === null) return 0;
    const names = header(line);
    if (!names.some((name) => name in TIME_UNITS)) return 0;
    return names.some((name) => indexOf(name) >= 0) ? 0.9 : 0;
  },
  async open(bytes) {
    const line = firstLine(bytes.head);
    const columns = line === null ? [] : header(line);
    const time = columns.findIndex((name) => name in TIME_UNITS);
    if (time < 0) throw new InputError(`${bytes.path}: line 1: no column t_ns, t_ms or t_s; samples need a time`);
    return new SamplesCsv(bytes, columns, time);
  },
};

function firstLine(head: Uint8Array): string | null {
  let end = 0;
  while (end < head.length && head[end] !== 10) {
    if (head[end] === 0) return null;
    end++;
  }
  return new TextDecoder().decode(head.subarray(0, end));
}

function header(line: string): string[] {
  return line
    .replace(/^\ufeff/, "")
    .split(",")
    .map((name) =>
      name
        .trim()
        .replace(/^"(.*)"$/, "$1")
        .toLowerCase(),
    );
}

function indexOf(name: string): number {
  return (OBSERVATIONS as readonly string[]).indexOf(name);
}

class SamplesCsv implements EventSource {
  readonly path: string;
  readonly format = "samples-csv";
  readonly info = newSourceInfo("exact");
  readonly losses = new Losses();
  readonly progress: () => number | null;
  readonly #bytes: ByteSource;
  readonly #time: number;
  readonly #unit: number;
  /** Observation of each column, -1 for none. */
  readonly #observation: Int32Array;
  #last = Number.NEGATIVE_INFINITY;
  #row = 1;

  constructor(bytes: ByteSource, columns: readonly string[], time: number) {
    this.path = bytes.path;
    this.progress = () => bytes.progress();
    this.#bytes = bytes;
    this.#time = time;
    this.#unit = TIME_UNITS[columns[time]!]!;
    this.#observation = Int32Array.from(columns, (name, i) => (i === time ? -1 : indexOf(name)));
    for (const [i, name] of columns.entries()) {
      if (i !== time && this.#observation[i]! < 0) this.losses.add(UNKNOWN_COLUMN, 1, `"${name.slice(0, 40)}"`);
    }
  }

  async *batches(): AsyncIterable<EventBatch> {
    const batch = newBatch();
    const room = BATCH_CAPACITY - this.#observation.length;
    const decoder = new TextDecoder();
    let rest = "";
    let header = true;
    for (;;) {
      const piece = await this.#bytes.read();
      rest += piece === null ? decoder.decode() : decoder.decode(piece, { stream: true });
      const lines = rest.split("\n");
      rest = piece === null ? "" : lines.pop()!;
      if (rest.length > MAX_LINE) {
        throw new InputError(
          `${this.path}: line ${this.#row + 1}: longer than ${MAX_LINE} characters; this is no samples CSV`,
        );
      }
      for (const line of lines) {
        if (header) {
          header = false;
          continue;
        }
        this.#row++;
        if (line.trim() === "") continue;
        this.#read(line, batch);
        if (batch.length > room) {
          this.info.events += batch.length;
          yield batch;
          batch.length = 0;
        }
      }
      if (piece === null) break;
    }
    if (batch.length > 0) {
      this.info.events += batch.length;
      yield batch;
    }
  }

  #read(line: string, batch: EventBatch): void {
    const cells = line.split(",");
    const time = Math.round(number(cells[this.#time]) * this.#unit);
    if (!Number.isFinite(time) || cells.length > this.#observation.length) {
      this.losses.add(BAD_ROW, 1, `line ${this.#row}`);
      return;
    }
    if (time < this.#last) {
      this.losses.add(UNORDERED, 1, `line ${this.#row}`);
      return;
    }
    if (cells.length < this.#observation.length) this.losses.add(BAD_ROW, 1, `line ${this.#row}`);
    this.#last = time;
    for (let i = 0; i < cells.length; i++) {
      const observation = this.#observation[i]!;
      if (observation < 0) continue;
      const cell = cells[i]!.trim();
      if (cell === "" || cell === "-1") continue;
      const value = number(cell);
      if (Number.isNaN(value)) this.losses.add(BAD_CELL, 1, `line ${this.#row}`);
      else push(batch, OBSERVATION, time, NO_P, NO_ADDR, value, observation);
    }
  }

  close(): Promise<void> {
    return this.#bytes.close();
  }
}

function number(cell: string | undefined): number {
  const text = cell?.trim().replace(/^"(.*)"$/, "$1") ?? "";
  return text === "" ? Number.NaN : Number(text);
}
