import type { Facts } from "./facts.ts";
import { CAPTURE, notEnough, present, type Rule, ruledOut } from "./rule.ts";
import { mayBeRoom, roomEvidence } from "./survivors.ts";
import { MiB, mib } from "./text.ts";

export const addressSpace: Rule = {
  meta: {
    id: "address-space",
    number: 30,
    title: "Address space is not memory: VIRT and HeapSys never fall",
    since: null,
    until: null,
  },
  audit(facts: Facts) {
    const sys = facts.series("heap_sys");
    const released = facts.series("heap_released");
    if (!sys || !released)
      return notEnough(CAPTURE.memstats, facts.evidence("HeapSys and HeapReleased are not in the inputs", ""));
    const seen = facts.evidence(
      `HeapSys is ${mib(sys.last)}, ${mib(released.last)} of it returned: address space without memory behind it`,
      sys.source,
      sys.lastT,
    );
    if (released.last < 0.5 * sys.last || released.last < 16 * MiB) return ruledOut(seen);
    if (mayBeRoom(facts, released.last)) return notEnough(CAPTURE.memstats, seen, roomEvidence(facts));
    return present(
      0,
      [seen, facts.evidence("it explains no bytes of RSS", sys.source)],
      "Nothing to do: the runtime keeps address space for later. Watch RSS, or HeapSys - HeapReleased.",
    );
  },
};
