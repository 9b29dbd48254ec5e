/**
 * The normalized event stream: one vocabulary for every input.
 *
 * Events travel in columnar batches (struct of arrays over typed arrays), so that hundreds of millions of them cost
 * neither an object each nor memory that grows with the file. A batch is valid until the next one is asked for: its
 * arrays are reused. Whoever wants to keep an event copies it.
 *
 * Units: times are ns since the recording's first instant; addresses and sizes are bytes; a page is a runtime page of
 * 8192 bytes. Numbers are doubles that hold their integers exactly (addresses are below 2^48).
 */

// Which columns an event uses stands behind each kind. Unused columns hold 0 (addr: NO_ADDR).
// "snapshot" kinds tell what was alive before the recording began; they come first, at time 0, in ascending address.

/** Snapshot: a span in use. addr = base, size = pages, aux = span class (class << 1 | noscan) or a MANUAL_* kind. */
export const SPAN_LIVE = 1;
/** Span taken from the page heap. addr = base (NO_ADDR if the input can't say), size = pages, aux as SPAN_LIVE. */
export const SPAN_ALLOC = 2;
/** Span given back to the page heap. addr = base, size = pages (0 if the recording never said), aux as SPAN_LIVE. */
export const SPAN_FREE = 3;
/** Snapshot: an object. addr, size = bytes of its type (0: not told), aux = type id of the source (0: none). */
export const OBJECT_LIVE = 4;
/** Object allocated; columns as OBJECT_LIVE. */
export const OBJECT_ALLOC = 5;
/** Object swept. addr; size = 0. */
export const OBJECT_FREE = 6;
/** Snapshot: a goroutine stack. addr, size = bytes. */
export const STACK_LIVE = 7;
/** Stack allocated. addr, size = bytes. */
export const STACK_ALLOC = 8;
/** Stack freed. addr; size = bytes (0 if the recording never said). */
export const STACK_FREE = 9;
/** GC cycle begins (sweep termination). size = cycle number, 0 if unknown; aux = a sum of GC_* flags. */
export const GC_START = 10;
/** `aux` of GC_START: the recording began inside the cycle; the program asked for it; it is debug.FreeOSMemory's. */
export const GC_ALREADY_RUNNING = 1;
export const GC_FORCED = 2;
export const GC_FREES_OS_MEMORY = 4;
/** Mark termination done: the world starts again. size = cycle number as in GC_START. */
export const GC_MARK_TERMINATION = 11;
/** The last span of the cycle is swept (inferred from sweep events where the source does not say it). */
export const GC_SWEEP_DONE = 12;
/** Live heap as the runtime counts it (gcController.heapLive). size = bytes. */
export const HEAP_LIVE = 13;
/** Heap goal. size = bytes; Infinity for "no goal" (GOGC=off without a limit). */
export const HEAP_GOAL = 14;
/** P starts running (p column). */
export const P_START = 15;
/** P stops: it is idle or its processor was taken from it by a blocking system call (aux = 1 for the latter). */
export const P_STOP = 16;
/** GOMAXPROCS. size = count. */
export const PROCS = 17;
/** Stop-the-world begins / ends. aux = reason (see STW_REASONS in the source's info), p = who. */
export const STW_BEGIN = 18;
export const STW_END = 19;
/** Sweeping on a P. SWEEP_END: size = bytes swept, addr = bytes reclaimed. */
export const SWEEP_BEGIN = 20;
export const SWEEP_END = 21;
/**
 * Pages returned to the OS. addr = base, size = pages. With addr = NO_ADDR: in the background since the last such event, where
 * is not told (scavtrace); aux = SCAVENGED_FORCED: at once, by debug.FreeOSMemory.
 */
export const SCAVENGED = 22;
export const SCAVENGED_FORCED = 1;
/** A measured figure. aux = index into OBSERVATIONS, size = its value. */
export const OBSERVATION = 23;
/** Goroutine created / ended (for counting; the source may coalesce: size = how many). */
export const GO_CREATE = 24;
export const GO_END = 25;
/** A mutator assist or mark worker interval ended: size = its length in ns, aux = 0 dedicated/fractional/idle worker, 1 assist. */
export const GC_WORK = 26;
/** Free-text mark from the program (user log/annotation). aux = index into info.strings. */
export const NOTE = 27;

/** Names of the kinds, by number: for exports, messages and tests. */
export const EVENT_NAMES: readonly string[] = [
  "none",
  "span-live",
  "span-alloc",
  "span-free",
  "object-live",
  "object-alloc",
  "object-free",
  "stack-live",
  "stack-alloc",
  "stack-free",
  "gc-start",
  "gc-mark-termination",
  "gc-sweep-done",
  "heap-live",
  "heap-goal",
  "p-start",
  "p-stop",
  "procs",
  "stw-begin",
  "stw-end",
  "sweep-begin",
  "sweep-end",
  "scavenged",
  "observation",
  "go-create",
  "go-end",
  "gc-work",
  "note",
];

/** Column value for "the source does not know the address". */
export const NO_ADDR = -1;
/**
 * Addresses at or below this are handles, not places: they name a span that an input without addresses is inferred to have
 * (the same handle at its SPAN_ALLOC and its SPAN_FREE).
 */
export const FIRST_HANDLE = -2;
/** Column value for "no P" (a thread without one, or unknown). */
export const NO_P = -1;

/** `aux` of span events whose span holds no objects. The trace format does not tell stacks from work buffers: UNKNOWN. */
export const MANUAL_UNKNOWN = -1;
export const MANUAL_STACK = -2;
export const MANUAL_WORKBUF = -3;
export const MANUAL_OTHER = -4;
/** `aux` of span events whose source does not tell what the span is for: objects or not (pagetrace). */
export const SPAN_UNKNOWN = -5;

/** What an OBSERVATION can measure; names as in design (and in the columns of a samples CSV). Bytes unless said. */
export const OBSERVATIONS = [
  "rss",
  "rss_file",
  "heap_alloc",
  "heap_inuse",
  "heap_idle",
  "heap_released",
  "heap_sys",
  "stack_inuse",
  "sys",
  "next_gc",
  "num_gc", // count
  "gc_sys",
  "mspan_sys",
  "mcache_sys",
  "other_sys",
  "buckhash_sys",
  "total_alloc",
  "heap_live",
  "smaps_rss",
  "smaps_anon",
  "lazyfree",
  "anon_huge",
  "mspan_inuse",
  "mcache_inuse",
  "mallocs", // count
  "frees", // count
  "goroutines", // count
  "threads", // count
  "gomemlimit",
  "gogc", // per cent
  "cgroup_usage",
  "cgroup_limit",
  "cgroup_file",
  "gc_cpu_fraction", // 0..1
  "heap_objects", // count
  "rss_peak", // VmHWM, ru_maxrss
  "rss_anon",
  "swap",
  "private_dirty",
  "go_heap_rss", // resident part of the mappings of Go's heap, as smaps tells them
  "cgroup_peak",
  "cgroup_high",
  "cgroup_anon",
  "cgroup_oom_kills", // count
  "finalizer_queue", // count: queued and not yet run (Go 1.26+)
  "profile_live", // un-biased sums of a heap profile: alive after the last GC, allocated since the start
  "profile_live_objects", // count
  "profile_alloc",
  "profile_alloc_objects", // count
  "stack_scan", // of all goroutines' stacks, what the last GC scanned: the part in use (Go 1.18+)
] as const;
export type ObservationName = (typeof OBSERVATIONS)[number];

/** What a source's events rest on; see docs on evidence. */
export type Evidence = "exact" | "inferred" | "modelled";

/** Events of one stretch of a recording, in order. `length` events are valid in every column. */
export interface EventBatch {
  length: number;
  readonly kind: Uint8Array;
  /** ns since the recording's start; never decreasing within a source. */
  readonly time: Float64Array;
  /** P id, or NO_P. */
  readonly p: Int16Array;
  readonly addr: Float64Array;
  readonly size: Float64Array;
  readonly aux: Int32Array;
}

/** Events a batch holds at most. */
export const BATCH_CAPACITY = 1 << 14;

/** A fresh, empty batch. */
export function newBatch(capacity: number = BATCH_CAPACITY): EventBatch {
  return {
    length: 0,
    kind: new Uint8Array(capacity),
    time: new Float64Array(capacity),
    p: new Int16Array(capacity),
    addr: new Float64Array(capacity),
    size: new Float64Array(capacity),
    aux: new Int32Array(capacity),
  };
}

/** Appends one event; the caller has seen to it that there is room. */
export function push(
  batch: EventBatch,
  kind: number,
  time: number,
  p: number,
  addr: number,
  size: number,
  aux: number,
): void {
  const i = batch.length++;
  batch.kind[i] = kind;
  batch.time[i] = time;
  batch.p[i] = p;
  batch.addr[i] = addr;
  batch.size[i] = size;
  batch.aux[i] = aux;
}
