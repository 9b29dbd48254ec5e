/** gopages as a library: open recordings of a Go program, replay them, ask what they would have been. */

export { InputError, UnsupportedError } from "./parsers/errors.ts";
export type { EventSource, FormatId, SourceInfo } from "./parsers/event-source.ts";
export * from "./parsers/events.ts";
export { Losses, type LossKind } from "./parsers/losses.ts";
export { openInput, openInputs } from "./parsers/open.ts";
export { readHeapProfile } from "./parsers/pprof/read.ts";
export { FORMATS } from "./parsers/registry.ts";
export { type Diagnosis, diagnose } from "./replay/diagnose/diagnose.ts";
export type * from "./replay/result.ts";
export { type ReplayOptions, type ReplayProgress, replay } from "./replay/run.ts";
export { sampleRows } from "./replay/timeline.ts";
export { whatIf } from "./replay/what-if.ts";
