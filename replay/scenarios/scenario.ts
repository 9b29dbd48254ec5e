import type { ThpMode } from "../../allocator/os-pages.ts";
import type { HeapConfig } from "../../allocator/types.ts";
import type { Workload } from "./workload.ts";

/** What may be asked of a scenario: each a list, and every combination is played. */
export interface ScenarioOptions {
  readonly policies: readonly string[];
  /** How many seeds of what the runtime itself randomizes (treap priorities up to 1.13, the heap's base from 1.26 on). */
  readonly seeds: number;
  readonly procs: readonly number[];
  readonly physPageSizes: readonly number[];
  readonly os: readonly HeapConfig["goos"][];
  readonly thp: readonly ThpMode[];
  readonly maxPtesNone: readonly number[];
  /** Per cent; Infinity for off. */
  readonly gogc: readonly number[];
  /** Bytes; Infinity for off. */
  readonly memoryLimits: readonly number[];
}

/** Columns of the table that a scenario is about. */
export type Column =
  | "peak-rss"
  | "mean-rss"
  | "final-rss"
  | "final-mapped"
  | "returned"
  | "background"
  | "growth"
  | "limit"
  | "return-calls"
  | "used-again"
  | "faults"
  | "huge-faults"
  | "filled"
  | "lazy"
  | "footprint"
  | "peak-commit"
  | "final-commit"
  | "lock"
  | "lock-avoided"
  | "gcs";

/** A built-in program, one for each chapter of the page heap's history. What to look at is told in <name>.md beside it. */
export interface Scenario {
  readonly name: string;
  readonly title: string;
  readonly columns: readonly Column[];
  /** What is played when the user does not say otherwise. */
  readonly defaults: Partial<ScenarioOptions> & Pick<ScenarioOptions, "policies">;
  /** The policies whose RSS is drawn, of those played; the first and the last when not given. */
  readonly drawn?: readonly string[];
  /** The program; absent where the scenario is a model of something else than pages. */
  readonly program?: (w: Workload) => void;
  readonly extra?: "lock-curve" | "feedback";
}

export const DEFAULT_OPTIONS: Omit<ScenarioOptions, "policies"> = {
  seeds: 1,
  procs: [4],
  physPageSizes: [4096],
  os: ["linux"],
  thp: ["never"],
  maxPtesNone: [511],
  gogc: [100],
  memoryLimits: [Number.POSITIVE_INFINITY],
};
