/**
 * What the execution tracer itself keeps in the program's heap: buffers for CPU samples, made before the snapshot and kept
 * until the trace stops. A run without a trace does not have them, and in a small heap they change how often the GC runs.
 *
 * cpuprof.go: profBufWordCount, profBufTagCount; profbuf.go: newProfBuf; tracecpu.go: traceInitReadCPU makes two of them
 * (Go 1.22-1.27). 1.19-1.21 made one, but have no traces with addresses.
 */
const WORDS_BYTES = (1 << 17) * 8;
const TAGS_BYTES = (1 << 14) * 8;
const WORD = 8;
const BUFFERS = 2;
/** Span classes of large objects without and with pointers. */
const NOSCAN = 1;
const SCAN = 0;

/** Bytes of live heap that a trace of Go 1.22-1.27 adds. */
export const RECORDER_BYTES = BUFFERS * (WORDS_BYTES + TAGS_BYTES);

/** Finds those buffers among the large objects of a trace's snapshot. */
export class RecorderObjects {
  readonly #words: number[] = [];
  readonly #tags: number[] = [];

  /** A large object of the snapshot: its index, span class, bytes, and the size of its type (0: not told). */
  add(object: number, spanClass: number, bytes: number, typeSize: number): void {
    if (typeSize !== WORD && typeSize !== 0) return;
    if (spanClass === NOSCAN && bytes === WORDS_BYTES) this.#words.push(object);
    else if (spanClass === SCAN && bytes === TAGS_BYTES) this.#tags.push(object);
  }

  /** Their indexes, ascending; none unless the whole set is there, since single objects of these sizes may be the program's. */
  found(): number[] {
    if (this.#words.length < BUFFERS || this.#tags.length < BUFFERS) return [];
    // Made last before the snapshot, and so the last of their kind in a heap that grows upwards.
    return [...this.#words.slice(-BUFFERS), ...this.#tags.slice(-BUFFERS)].sort((a, b) => a - b);
  }

  /** Their indexes are no longer valid. */
  forget(): void {
    this.#words.length = 0;
    this.#tags.length = 0;
  }
}

/** Types that only the tracer allocates, each second as it ends a generation (trace.go:traceAdvance; tracestack.go:makeTraceFrames). */
const TRACER_TYPES = new Set(["runtime.untracedG", "runtime.traceFrame"]);
/** What the same P allocates so soon after one of those is of the same stretch of work, or hardly any of the program's, ns. */
const SAME_WORK = 500e3;

/** The name of an object's type, by its number; undefined where it is not told. */
export type TypeNames = (type: number) => string | undefined;

/** Tells what the tracer allocates while it records: small garbage, but it would keep a program that sleeps awake. */
export class RecorderWork {
  readonly #nameOf: TypeNames;
  /** When each P last allocated for the tracer, ns. */
  readonly #last: number[] = [];

  constructor(nameOf: TypeNames) {
    this.#nameOf = nameOf;
  }

  /** Whether an object of that type, allocated on that P, is the tracer's. */
  has(t: number, p: number, type: number): boolean {
    if (t <= 0 || p < 0) return false;
    const last = this.#last[p] ?? Number.NEGATIVE_INFINITY;
    if (TRACER_TYPES.has(this.#nameOf(type) ?? "")) {
      this.#last[p] = t;
      return true;
    }
    return t - last < SAME_WORK;
  }
}
