import { InputError } from "./errors.ts";
import type { Format } from "./format.ts";
import { byteOrder } from "./pagetrace-wire.ts";

export const pagetrace: Format = {
  id: "pagetrace",
  title: "Go page trace (GOEXPERIMENT=pagetrace, 1.20 to 1.22)",
  gives: "every span taken and given back, with its address, and every return of pages to the OS",
  record: "GOEXPERIMENT=pagetrace go build -o program . && GODEBUG=pagetrace=pages.trace ./program",
  evidence: "exact",
  detect: (head) => (byteOrder(head) === null ? 0 : 0.95),
  async open(bytes, options) {
    const order = byteOrder(bytes.head);
    if (order === null) throw new InputError(`${bytes.path}: is no page trace`);
    const { openPagetrace } = await import("./pagetrace.ts");
    return openPagetrace(bytes, order, options);
  },
};
