import { InputError } from "../errors.ts";
import type { Format } from "../format.ts";
import { V1_VERSIONS } from "./header.ts";
import { traceV1Version } from "./v1-wire.ts";

export const goTraceV1: Format = {
  id: "go-trace-v1",
  title: "Go execution trace (1.11 to 1.21)",
  gives: "GCs, live heap, goal, sweeping, stop-the-world, when each P runs",
  record: "runtime/trace.Start(f) ... trace.Stop() in the program, or curl http://HOST/debug/pprof/trace?seconds=30",
  evidence: "inferred",
  detect: (head) => (traceV1Version(head) === null ? 0 : 1),
  async open(bytes, options) {
    const version = traceV1Version(bytes.head);
    if (version === null) throw new InputError(`${bytes.path}: is no Go execution trace of 1.11 to 1.21`);
    if (!(version in V1_VERSIONS)) {
      throw new InputError(
        version < 11
          ? `${bytes.path}: is a trace of Go 1.${version}; traces older than Go 1.11 can't be read: record with Go 1.11 or later`
          : `${bytes.path}: has the trace header "go 1.${version}", which no Go release writes; is the file damaged?`,
      );
    }
    const { openTraceV1 } = await import("./v1.ts");
    return openTraceV1(bytes, version, options);
  },
};
