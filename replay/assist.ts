/**
 * Marking paid for by allocation. While a GC marks, a goroutine that allocates runs into debt and pays it in scan work, at a
 * ratio that is to have all the work done by the goal (mgcpacer.go:revise, mgcmark.go:gcAssistAlloc). Where hardly any P is
 * left to the background workers, this decides how much a program allocates during a mark.
 *
 * When the work done exceeds what was expected, the ratio collapses to its lower bound, and the next payment buys credit for
 * megabytes: the program goes on without assisting until a background worker is scheduled. So do all versions, each by its
 * own estimate of the work: see revise().
 */

/** gcOverAssistWork: the least that is paid at once, bytes scanned. */
const OVER_ASSIST_WORK = 64 << 10;
/** revise: the least that is taken to be left, bytes scanned. */
const MIN_REMAINING = 1000;
const MAX_OVERSHOOT = 1.1;
/** The last minor version in which objects allocated during a mark count as scan work (mgcmark.go:gcmarknewobject). */
const LAST_BLACK = 18;

export interface MarkStart {
  readonly minor: number;
  /** GOGC in per cent, Infinity for off. */
  readonly gogc: number;
  /** Live heap when the mark began, and the heap goal. Bytes. */
  readonly live: number;
  readonly goal: number;
  /** Scan work of the last mark (gcController.lastHeapScan), and the bytes that it left marked. */
  readonly lastScan: number;
  readonly marked: number;
  /** Bytes that this mark is going to find. */
  readonly reachable: number;
  /** Share of heap bytes that is scanned: objects with pointers. 0..1. */
  readonly scannable: number;
}

export class MarkAssist {
  readonly #start: MarkStart;
  /** Scan work there is to do, done in all, and done by assists; bytes. */
  readonly #all: number;
  #done = 0;
  #assisted = 0;
  /** Live heap at which the next payment is due. */
  #due: number;
  #bgCredit = 0;

  constructor(start: MarkStart) {
    this.#start = start;
    this.#all = start.reachable * start.scannable;
    this.#due = start.live;
  }

  get finished(): boolean {
    return this.#done >= this.#all;
  }

  /** Scan work as the runtime counts it when the mark ends at `live`, bytes. */
  scanWork(live: number): number {
    const { minor, live: triggered, scannable } = this.#start;
    return this.#all + (minor <= LAST_BLACK ? (live - triggered) * scannable : 0);
  }

  /** Share of the work that is still to do, 0..1. */
  get left(): number {
    return this.#all > 0 ? Math.max(0, 1 - this.#done / this.#all) : 0;
  }

  /** Share of the work that assists did, 0..1. */
  get assistedShare(): number {
    return this.#all > 0 ? this.#assisted / this.#all : 0;
  }

  /** The live heap has grown to `live` bytes: what is owed is paid. True if that ends the mark. */
  grown(live: number): boolean {
    while (this.#due <= live && !this.finished) {
      const [remaining, room] = this.#revise(Math.max(this.#due, this.#start.live));
      const bytesPerWork = room / remaining;
      const debt = Math.max(1, live - this.#due);
      const wanted = Math.max(debt / bytesPerWork, OVER_ASSIST_WORK);
      const stolen = Math.min(this.#bgCredit, wanted);
      this.#bgCredit -= stolen;
      const work = Math.min(wanted - stolen, this.#all - this.#done);
      this.#done += work;
      this.#assisted += work;
      this.#due += 1 + bytesPerWork * (stolen + work);
    }
    return this.finished;
  }

  /** A background worker does that share of all the work. True if that ends the mark. */
  background(share: number): boolean {
    const work = Math.min(share * this.#all, this.#all - this.#done);
    this.#done += work;
    this.#bgCredit += work;
    return this.finished;
  }

  /** Scan work that is thought to remain, and bytes that may be allocated meanwhile. */
  #revise(live: number): [remaining: number, room: number] {
    const { minor, gogc, live: triggered, goal, lastScan, marked, scannable } = this.#start;
    const growth = 1 + (Number.isFinite(gogc) ? gogc / 100 : 1000);
    const black = (live - triggered) * scannable;
    // What is allocated now counts as scanned up to 1.18.
    const work = this.#done + (minor <= LAST_BLACK ? black : 0);
    // Up to 1.17 the estimate of what there is to scan grows with it; from 1.18 on it is that of the mark's start.
    const heapScan =
      minor <= 17 ? triggered * scannable + black : lastScan + Math.max(0, triggered - marked) * scannable;
    let target = goal;
    let scan: number;
    if (minor <= 17) {
      scan = heapScan / growth;
      if (live > goal || (minor >= 14 && work > scan)) {
        target = goal * MAX_OVERSHOOT;
        scan = heapScan;
      }
    } else {
      scan = lastScan;
      if (work > scan) {
        target = Math.min(triggered + ((goal - triggered) / Math.max(scan, 1)) * heapScan, growth * goal);
        scan = heapScan;
      }
      if (live > target) {
        target *= MAX_OVERSHOOT;
        scan = heapScan;
      }
    }
    return [Math.max(MIN_REMAINING, scan - work), Math.max(1, target - live)];
  }
}
