/**
 * /proc/PID/smaps and smaps_rollup: what of each mapping is resident, and what kind it is. Several dumps in one input are a
 * series (write the date between them, else they are put 1 s apart).
 */

import { lineTime } from "./clock-text.ts";
import { headText } from "./detect.ts";
import { InputError } from "./errors.ts";
import type { EventSource } from "./event-source.ts";
import type { ByteSource, Format } from "./format.ts";
import { Losses, type LossKind } from "./losses.ts";
import { ObservationLog, ObservationSource } from "./observation-source.ts";
import { textLines } from "./text-lines.ts";

/**
 * What a mapping is for. Go 1.25+ names its mappings where the kernel lets it ("[anon: Go: heap]"); without names, an
 * anonymous stretch of whole 64 MiB arenas below the mmap area is taken for Go's heap: so are they reserved from 1.11 on, at
 * 0xc000000000 up to 1.25 and at a random place since 1.26.
 */
export type MappingClass =
  | "go-heap"
  | "go-metadata" // named by Go, and not its heap: summaries, bitmaps, spans, profiling buckets, ...
  | "binary" // the program's own file
  | "file" // other files: shared libraries, mapped data
  | "brk" // [heap]: C's, not Go's
  | "stack" // [stack]: the first thread's
  | "anonymous" // the rest: Go's metadata without names, C's arenas, thread stacks
  | "special"; // [vdso] and the like

/** Sums over mappings, in bytes, by the names of the kernel. */
export interface MappingSums {
  mappings: number;
  Size: number;
  Rss: number;
  Pss: number;
  Shared_Clean: number;
  Shared_Dirty: number;
  Private_Clean: number;
  Private_Dirty: number;
  Anonymous: number;
  LazyFree: number;
  AnonHugePages: number;
  Swap: number;
}

/** One dump. */
export interface Smaps {
  /** True for smaps_rollup, which has the totals only. */
  readonly rollup: boolean;
  readonly total: MappingSums;
  /** By class; empty for a rollup. */
  readonly classes: Map<MappingClass, MappingSums>;
  /** Lines that the kernel wrote: an absent one is not 0 (LazyFree since 4.12, AnonHugePages since 2.6.38). */
  readonly present: ReadonlySet<string>;
  /** ms since the epoch; NaN if unknown. */
  readonly wallMs: number;
}

const HEADER = /^([0-9a-f]{1,16})-([0-9a-f]{1,16}) ([-rwxsp]{4}) [0-9a-f]+ [0-9a-f]+:[0-9a-f]+ (\d+)(?: +(.*))?$/;
const VALUE = /^([A-Za-z_]+): +(\d+) kB\s*$/;

const UNKNOWN_LINE: LossKind = {
  name: "damaged-lines",
  severity: "data-loss",
  meaning: "lines that are not of smaps were left out",
};

/** Mappings of a process: far fewer (the kernel's default limit is 65530). */
const MAX_MAPPINGS = 2_000_000;

const ARENA = 64 * 2 ** 20;
/** C's arenas, thread stacks and libraries lie above, on amd64 and arm64. */
const MMAP_AREA = 0x7e0000000000;
const LOWEST_HEAP = 0x4000000000;

interface Vma {
  start: number;
  end: number;
  name: string;
  inode: string;
  sums: MappingSums;
}

export function newSums(): MappingSums {
  return {
    mappings: 0,
    Size: 0,
    Rss: 0,
    Pss: 0,
    Shared_Clean: 0,
    Shared_Dirty: 0,
    Private_Clean: 0,
    Private_Dirty: 0,
    Anonymous: 0,
    LazyFree: 0,
    AnonHugePages: 0,
    Swap: 0,
  };
}

/** Collects the lines of dumps; a dump ends where addresses start again, or at a time. */
export class SmapsReader {
  readonly dumps: Smaps[] = [];
  readonly #losses: Losses;
  readonly #path: string;
  #vmas: Vma[] = [];
  #present = new Set<string>();
  #time = Number.NaN;
  #line = 0;

  constructor(path: string, losses: Losses) {
    this.#path = path;
    this.#losses = losses;
  }

  line(line: string): void {
    this.#line++;
    const value = VALUE.exec(line);
    if (value) {
      const vma = this.#vmas.at(-1);
      const key = value[1]!;
      if (!vma) {
        this.#losses.add(UNKNOWN_LINE, 1, `line ${this.#line}`);
        return;
      }
      if (Object.hasOwn(vma.sums, key) && key !== "mappings") {
        vma.sums[key as keyof MappingSums] = Number(value[2]) * 1024;
        this.#present.add(key);
      }
      return;
    }
    const header = HEADER.exec(line);
    if (header) {
      const start = Number.parseInt(header[1]!, 16);
      const last = this.#vmas.at(-1);
      if (last && start < last.end) this.#finish();
      if (this.#vmas.length === MAX_MAPPINGS) {
        throw new InputError(
          `${this.#path}: line ${this.#line}: more than ${MAX_MAPPINGS} mappings; this is no smaps of a process`,
        );
      }
      const sums = newSums();
      sums.mappings = 1;
      this.#vmas.push({ start, end: Number.parseInt(header[2]!, 16), name: header[5] ?? "", inode: header[4]!, sums });
      return;
    }
    if (line.trim() === "" || /^(VmFlags|THPeligible|ProtectionKey|KernelPageSize|MMUPageSize):/.test(line)) return;
    const time = lineTime(line);
    if (!Number.isNaN(time)) {
      this.#finish();
      this.#time = time;
      return;
    }
    // Keys of newer kernels with other units, or a shell's noise.
    if (!/^[A-Z]\w*: +\d/.test(line)) this.#losses.add(UNKNOWN_LINE, 1, `line ${this.#line}`);
  }

  #finish(): void {
    if (this.#vmas.length === 0) return;
    const rollup = this.#vmas.length === 1 && this.#vmas[0]!.name === "[rollup]";
    const total = newSums();
    const classes = new Map<MappingClass, MappingSums>();
    const heap = unnamedHeap(this.#vmas);
    const program = this.#vmas.find((vma) => vma.inode !== "0" && vma.name.startsWith("/"))?.name;
    for (const vma of this.#vmas) {
      add(total, vma.sums);
      if (rollup) continue;
      const kind = heap.has(vma) ? "go-heap" : classify(vma, program);
      let sums = classes.get(kind);
      if (!sums) {
        sums = newSums();
        classes.set(kind, sums);
      }
      add(sums, vma.sums);
    }
    this.dumps.push({ rollup, total, classes, present: this.#present, wallMs: this.#time });
    this.#vmas = [];
    this.#present = new Set();
  }

  end(): Smaps[] {
    this.#finish();
    return this.dumps;
  }
}

function add(to: MappingSums, from: MappingSums): void {
  for (const key of Object.keys(to) as (keyof MappingSums)[]) to[key] += from[key];
}

function classify(vma: Vma, program: string | undefined): MappingClass {
  const { name } = vma;
  if (name.startsWith("[anon: Go: ") || name.startsWith("[anon:Go: ")) {
    return /Go: heap(?: reservation)?\]$/.test(name) ? "go-heap" : "go-metadata";
  }
  if (name === "[heap]") return "brk";
  if (name === "[stack]" || name.startsWith("[stack:")) return "stack";
  if (name === "" || name.startsWith("[anon")) return "anonymous";
  if (name.startsWith("[")) return "special";
  return name === program || name === `${program} (deleted)` ? "binary" : "file";
}

/** Anonymous mappings that make up whole arenas, unless Go's names tell the heap. */
function unnamedHeap(vmas: readonly Vma[]): Set<Vma> {
  const heap = new Set<Vma>();
  if (vmas.some((vma) => vma.name.includes("Go: heap"))) return heap;
  for (let i = 0; i < vmas.length; ) {
    const first = vmas[i]!;
    let end = i + 1;
    if (first.name === "" && first.start >= LOWEST_HEAP && first.start < MMAP_AREA && first.start % ARENA === 0) {
      while (end < vmas.length && vmas[end]!.name === "" && vmas[end]!.start === vmas[end - 1]!.end) end++;
      if (vmas[end - 1]!.end % ARENA === 0) for (let v = i; v < end; v++) heap.add(vmas[v]!);
    }
    i = end;
  }
  return heap;
}

/** Adds a dump's figures to the current row. */
export function observeSmaps(log: ObservationLog, dump: Smaps): void {
  const { total, present } = dump;
  log.add("rss", total.Rss);
  log.add("smaps_rss", total.Rss);
  if (present.has("Anonymous")) {
    log.add("smaps_anon", total.Anonymous);
    log.add("rss_file", total.Rss - total.Anonymous);
  }
  if (present.has("LazyFree")) log.add("lazyfree", total.LazyFree);
  if (present.has("AnonHugePages")) log.add("anon_huge", total.AnonHugePages);
  if (present.has("Swap")) log.add("swap", total.Swap);
  if (present.has("Private_Dirty")) log.add("private_dirty", total.Private_Dirty);
  const heap = dump.classes.get("go-heap");
  if (heap) log.add("go_heap_rss", heap.Rss);
}

export const smaps: Format = {
  id: "smaps",
  title: "smaps or smaps_rollup",
  gives: "resident memory by kind of mapping: Go's heap, anonymous, files, huge pages, freed lazily, swapped",
  record: "cat /proc/PID/smaps > smaps.txt (or smaps_rollup, which costs the kernel less)",
  evidence: "exact",
  detect(head) {
    const lines = headText(head, 8192).split("\n").slice(0, 40);
    const header = lines.findIndex((line) => HEADER.test(line));
    if (header < 0 || header > 3) return 0;
    return lines.slice(header).some((line) => /^(Rss|Size|Pss): +\d+ kB/.test(line)) ? 1 : 0;
  },
  open: openSmaps,
};

async function openSmaps(bytes: ByteSource): Promise<EventSource> {
  const losses = new Losses();
  const reader = new SmapsReader(bytes.path, losses);
  for await (const line of textLines(bytes)) reader.line(line);
  const dumps = reader.end();
  if (dumps.length === 0) throw new InputError(`${bytes.path}: no mapping in it; record it with: cat /proc/PID/smaps`);
  const log = new ObservationLog(bytes.path);
  for (const dump of dumps) {
    log.row(dump.wallMs);
    observeSmaps(log, dump);
  }
  return new ObservationSource(bytes, "smaps", "exact", log, losses, { smaps: dumps });
}
