import { headText } from "../detect.ts";
import type { Format } from "../format.ts";
import { looksLikeProfile } from "./detect.ts";

export const pprofHeap: Format = {
  id: "pprof-heap",
  title: "heap profile (pprof)",
  gives: "what was alive after the last GC and what was allocated so far, by size and by place in the program",
  record: 'curl -so heap.pb.gz HOST/debug/pprof/heap, or pprof.Lookup("heap").WriteTo(f, 0)',
  evidence: "modelled",
  detect: looksLikeProfile,
  async open(bytes) {
    return (await import("./open.ts")).openProfile(bytes);
  },
};

export const pprofText: Format = {
  id: "pprof-text",
  title: "heap profile as text",
  gives: "a heap profile and all of MemStats at one moment",
  record: "curl -so heap.txt 'HOST/debug/pprof/heap?debug=1', or pprof.Lookup(\"heap\").WriteTo(f, 1)",
  evidence: "exact",
  detect: (head) => (/^\s*heap profile: *\d+: *\d+ *\[/.test(headText(head, 256)) ? 1 : 0),
  async open(bytes) {
    return (await import("./open.ts")).openText(bytes);
  },
};
