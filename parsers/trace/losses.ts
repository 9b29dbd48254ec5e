/** What can go wrong in a Go execution trace, and what it means for the answer. */
import type { LossKind } from "../losses.ts";

export const TRUNCATED: LossKind = {
  name: "truncated",
  severity: "data-loss",
  meaning: "the trace breaks off (was trace.Stop called, and the file closed?); everything up to there was read",
};
export const DAMAGED_BYTES: LossKind = {
  name: "damaged-bytes",
  severity: "damage",
  meaning: "bytes that are no part of a trace were skipped to the next batch that is; record again if you can",
};
export const DAMAGED_BATCH: LossKind = {
  name: "damaged-batches",
  severity: "damage",
  meaning: "batches whose events don't decode were read up to the damage; record again if you can",
};
export const MISSING_GENERATION: LossKind = {
  name: "missing-generations",
  severity: "damage",
  meaning: "stretches of the trace are missing; what happened in them is unknown",
};
export const STRAY_BATCH: LossKind = {
  name: "stray-batches",
  severity: "damage",
  meaning: "batches of a stretch that was already over were left out",
};
export const ORDER_CONFLICT: LossKind = {
  name: "order-conflicts",
  severity: "damage",
  meaning:
    "events contradict the scheduler's state (Go's own reader refuses such a trace); they were taken in order of time, and which P they belong to may be wrong",
};
export const NO_FREQUENCY: LossKind = {
  name: "clock-assumed",
  severity: "data-loss",
  meaning: "a stretch of the trace does not say how long a clock tick is; that of its neighbour, or 64 ns, was assumed",
};
export const UNKNOWN_TYPE: LossKind = {
  name: "unknown-object-types",
  severity: "info",
  meaning: "objects whose type the trace does not tell (it breaks off before its table of types)",
};
export const UNKNOWN_SPAN: LossKind = {
  name: "unknown-span-frees",
  severity: "info",
  meaning: "spans were freed that the trace never said to exist; their sizes are unknown",
};
export const HEAP_BASE_ASSUMED: LossKind = {
  name: "heap-base-assumed",
  severity: "data-loss",
  meaning: "the trace lost the base of its addresses; they are relative to an assumed one",
};
export const NOTES_DROPPED: LossKind = {
  name: "notes-dropped",
  severity: "info",
  meaning: "log messages of the program beyond the first 100000 different ones were left out",
};
