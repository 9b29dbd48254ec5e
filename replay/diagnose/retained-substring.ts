import type { Facts } from "./facts.ts";
import { CAPTURE, notEnough, present, type Rule, ruledOut, suspected } from "./rule.ts";
import { mib } from "./text.ts";

const READERS =
  /(^|[./])(ReadAll|ReadFile|ReadString|ReadBytes|ReadLine)$|^(strings\.\(\*Builder\)|bytes\.\(\*Buffer\)\.String$|strings\.(Repeat|Join)$|bufio\.\(\*Scanner\)\.Text$)/;

function advice(facts: Facts): string {
  const { version } = facts;
  const text = version.since(18) === true ? "strings.Clone(part)" : "string([]byte(part))";
  const bytes = version.since(20) === true ? "bytes.Clone(part)" : "append([]byte(nil), part...)";
  return `Copy what is kept: ${text} of a string, ${bytes} of a slice.`;
}

/** Those of them that give the bytes themselves. */
const RAW = /(^|[./])(ReadAll|ReadFile|ReadBytes|ReadLine)$/;

/** Bytes that functions which read whole inputs ever allocated on behalf of `caller`. */
function readBy(facts: Facts, caller: string): number {
  const { profile } = facts.heaviestProfile!;
  const u = profile.unsampled();
  let bytes = 0;
  for (let s = 0; s < profile.sampleCount; s++) {
    const frames = profile.frames(s);
    const at = frames.findIndex((frame) => READERS.test(frame.function));
    if (at >= 0 && frames.slice(at).some((frame) => frame.function === caller)) bytes += u.allocBytes[s]!;
  }
  return bytes;
}

export const retainedSubstring: Rule = {
  meta: { id: "retained-substring", number: 33, title: "A small part pins its whole buffer", since: null, until: null },
  audit(facts: Facts) {
    const fact = facts.heaviestProfile;
    if (!fact) return notEnough(CAPTURE.profile, facts.evidence("no heap profile was given", ""));
    const live = fact.profile.totals().inuseBytes;
    const readers = facts.liveUnder(READERS);
    const mean = readers.objects > 0 ? readers.bytes / readers.objects : 0;
    const seen = facts.evidence(
      `${mib(readers.bytes)} of ${mib(live)} alive were allocated by reading or building whole texts: ${Math.round(readers.objects)} buffers of ${Math.round(mean)} bytes on average`,
      fact.source,
    );
    if (!facts.notable(readers.bytes) || readers.bytes < 0.2 * live) {
      const top = facts.sites[0];
      const size = top ? top.inuseBytes / top.inuseObjects : 0;
      if (top && facts.notable(top.inuseBytes) && size >= 256) {
        const holds = facts.evidence(
          `${top.frame.function} holds ${mib(top.inuseBytes)} in ${Math.round(top.inuseObjects)} blocks of ${Math.round(size)} bytes, of ${Math.round(top.allocObjects)} that it made`,
          fact.source,
        );
        const read = readBy(facts, top.frame.function);
        const kept = top.inuseObjects > 0.8 * top.allocObjects;
        if (
          size >= 1024 &&
          size <= 8 << 20 &&
          top.inuseObjects >= 64 &&
          kept &&
          top.inuseBytes > 0.4 * live &&
          read > 0.5 * top.inuseBytes
        ) {
          return present(
            top.inuseBytes,
            [
              holds,
              facts.evidence(
                `it had ${mib(read)} read for it, and keeps a copy of each, whole: parts of them may be all that is used`,
                fact.source,
              ),
            ],
            advice(facts),
          );
        }
        return notEnough(
          CAPTURE.everyAllocation,
          holds,
          facts.evidence("whether all of each block is used no profile tells", ""),
        );
      }
      return ruledOut(seen);
    }
    if (mean < 1024) return ruledOut(seen);
    // Bytes as they were read are what a cache of whole bodies holds, too; nobody makes a text of them for that.
    const raw = facts.liveUnder(RAW);
    if (raw.bytes > readers.bytes / 2)
      return suspected(
        readers.bytes,
        CAPTURE.everyAllocation,
        seen,
        facts.evidence("whether all of each buffer is used no profile tells: look for parts of them that are kept", ""),
      );
    return present(
      readers.bytes,
      [seen, facts.evidence("texts that were read whole stay alive by the parts that are kept of them", fact.source)],
      advice(facts),
    );
  },
};
