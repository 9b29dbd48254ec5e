import { InputError } from "../errors.ts";
import type { Format } from "../format.ts";
import { traceVersion, V1_VERSIONS, V2_VERSIONS } from "./header.ts";

export const goTraceV2: Format = {
  id: "go-trace-v2",
  title: "Go execution trace (1.22 and later)",
  gives:
    "GCs, live heap, goal, when each P runs; with GODEBUG=traceallocfree=1 (1.23+) every span, object and stack with its address",
  record: "GODEBUG=traceallocfree=1 ./program   # which calls runtime/trace.Start(f) and trace.Stop()",
  evidence: "exact",
  detect(head) {
    const version = traceVersion(head);
    return version === null || version in V1_VERSIONS ? 0 : 1;
  },
  async open(bytes, options) {
    const version = traceVersion(bytes.head);
    if (version === null || !(version in V2_VERSIONS)) {
      const what =
        version === null ? "is no Go execution trace" : `is a trace of the unknown version "go 1.${version}"`;
      throw new InputError(`${bytes.path}: ${what}; gopages reads traces of Go 1.11 to 1.27`);
    }
    const { openTraceV2 } = await import("./v2.ts");
    return openTraceV2(bytes, options);
  },
};
