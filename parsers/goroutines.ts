/**
 * Goroutines of a process at one moment, as text: /debug/pprof/goroutine?debug=1 (grouped by stack) and ?debug=2, which is what a
 * panic or SIGQUIT writes, too (runtime/pprof/pprof.go:writeGoroutine, runtime/traceback.go:goroutineheader; Go 1.11 to 1.27).
 */
import { headText } from "./detect.ts";
import { InputError } from "./errors.ts";
import type { EventSource } from "./event-source.ts";
import type { ByteSource, Format } from "./format.ts";
import { Losses } from "./losses.ts";
import { ObservationLog, ObservationSource } from "./observation-source.ts";
import { textLines } from "./text-lines.ts";

/** Goroutines that wait at the same place. */
export interface GoroutineGroup {
  count: number;
  /** "chan receive", "select", "running", ...; "" where the dump does not say (debug=1). */
  readonly state: string;
  /** Longest wait of them, minutes; 0 where there is none or the dump does not say. */
  minutes: number;
  /** Functions from the innermost on, "pkg.Func"; at most FRAMES. */
  readonly frames: string[];
}

export interface GoroutineDump {
  readonly total: number;
  /** The largest first; at most GROUPS. */
  readonly groups: readonly GoroutineGroup[];
}

const FRAMES = 32;
const GROUPS = 4096;

const PROFILE = /^goroutine profile: total (\d+)$/;
const GROUP = /^(\d+) @(?: 0x[0-9a-f]+)*$/;
const GROUP_FRAME = /^#\t0x[0-9a-f]+\t(.+?)\+0x[0-9a-f]+\t/;
const HEADER = /^goroutine \d+ (?:gp=\S+ m=\S+ (?:mp=\S+ )?)?\[([^\],]+)(?:, (\d+) minutes)?[^\]]*\]:$/;
/** "main.work(0x1, {0x2, 0x3})", "created by main.main in goroutine 1". */
const CALL = /^(\S.*)\((?:[^()]|\([^()]*\))*\)$/;

class Reader {
  readonly #groups = new Map<string, GoroutineGroup>();
  #total = Number.NaN;
  #counted = 0;
  #open: GoroutineGroup | null = null;

  line(line: string): void {
    const total = PROFILE.exec(line);
    if (total) {
      this.#total = (this.#total || 0) + Number(total[1]);
      return;
    }
    const group = GROUP.exec(line);
    const header = group ? null : HEADER.exec(line);
    if (group || header) {
      this.#close();
      const count = group ? Number(group[1]) : 1;
      this.#open = { count, state: header?.[1] ?? "", minutes: Number(header?.[2] ?? 0), frames: [] };
      return;
    }
    if (!this.#open) return;
    if (line === "") {
      this.#close();
      return;
    }
    const frame = GROUP_FRAME.exec(line)?.[1] ?? (line.startsWith("created by ") ? undefined : CALL.exec(line)?.[1]);
    if (frame !== undefined && this.#open.frames.length < FRAMES) this.#open.frames.push(frame.trim());
  }

  #close(): void {
    const open = this.#open;
    this.#open = null;
    if (!open) return;
    this.#counted += open.count;
    const key = `${open.state} ${open.frames.join(" ")}`;
    const known = this.#groups.get(key);
    if (known) {
      known.count += open.count;
      known.minutes = Math.max(known.minutes, open.minutes);
    } else if (this.#groups.size < GROUPS) this.#groups.set(key, open);
  }

  end(): GoroutineDump {
    this.#close();
    return {
      total: Math.max(this.#counted, this.#total || 0),
      groups: [...this.#groups.values()].sort((a, b) => b.count - a.count),
    };
  }
}

export const goroutines: Format = {
  id: "goroutines",
  title: "goroutine dump",
  gives: "how many goroutines there are and where they wait",
  record: "curl -so goroutines.txt 'HOST/debug/pprof/goroutine?debug=2'",
  evidence: "exact",
  detect(head) {
    const text = headText(head, 16384);
    if (text.split("\n", 1)[0]!.match(PROFILE)) return 1;
    return text
      .split("\n")
      .slice(0, 12)
      .some((line) => HEADER.test(line))
      ? 0.7
      : 0;
  },
  open: openGoroutines,
};

async function openGoroutines(bytes: ByteSource): Promise<EventSource> {
  const reader = new Reader();
  for await (const line of textLines(bytes)) reader.line(line);
  const dump = reader.end();
  if (dump.total === 0)
    throw new InputError(
      `${bytes.path}: no goroutine in it; record it with: curl -so goroutines.txt 'HOST/debug/pprof/goroutine?debug=2'`,
    );
  const log = new ObservationLog(bytes.path);
  log.add("goroutines", dump.total);
  return new ObservationSource(bytes, "goroutines", "exact", log, new Losses(), { goroutines: [dump] });
}
