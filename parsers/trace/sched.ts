/**
 * The scheduler's state as the trace tells it: which G and P each M has, and the state of each G and P. It decides when an
 * event can come (see order.ts). Ported from internal/trace/order.go of Go 1.27, as columns instead of objects.
 */
import { NO_P } from "../events.ts";

/** tracev2.ProcStatus; 0: not known yet. */
export const P_UNKNOWN = 0;
export const P_RUNNING = 1;
export const P_IDLE = 2;
export const P_SYSCALL = 3;
export const P_SYSCALL_ABANDONED = 4;

/** tracev2.GoStatus; 0: not known yet. */
export const G_UNKNOWN = 0;
export const G_RUNNABLE = 1;
export const G_RUNNING = 2;
export const G_SYSCALL = 3;
export const G_WAITING = 4;

/** No goroutine, as a slot. */
export const NO_G = -1;

/** P ids beyond this are damage: the P column holds 16 bits. */
export const MAX_P = 1 << 15;

export class Sched {
  // Ms, by slot.
  readonly #mSlots = new Map<number, number>();
  mId: Float64Array = new Float64Array(16);
  mP: Int32Array = new Int32Array(16);
  mG: Int32Array = new Int32Array(16);
  /** When the M's mark worker started, NaN if it runs none. */
  mWork: Float64Array = new Float64Array(16);
  #ms = 0;

  // Ps, by id.
  readonly pStatus = new Uint8Array(MAX_P);
  readonly pSeq = new Float64Array(MAX_P);
  readonly pGen = new Float64Array(MAX_P);

  // Gs, by slot; slots of ended goroutines are used again.
  readonly #gSlots = new Map<number, number>();
  gId: Float64Array = new Float64Array(64);
  gStatus: Uint8Array = new Uint8Array(64);
  gSeq: Float64Array = new Float64Array(64);
  gGen: Float64Array = new Float64Array(64);
  /** When the goroutine's mark assist began, NaN if it is in none. */
  gAssist: Float64Array = new Float64Array(64);
  /** Reason of the stop-the-world that the goroutine has begun, -1 for none. */
  gSTW: Int8Array = new Int8Array(64);
  #gs = 0;
  #free: number[] = [];

  /** Forgets everything: after damage, the next generation's status events say it anew. */
  reset(): void {
    this.#mSlots.clear();
    this.#ms = 0;
    this.pStatus.fill(0);
    this.#gSlots.clear();
    this.#gs = 0;
    this.#free = [];
  }

  /** The slot of an M, or -1. */
  findM(id: number): number {
    return this.#mSlots.get(id) ?? -1;
  }

  m(id: number): number {
    const known = this.#mSlots.get(id);
    if (known !== undefined) return known;
    const slot = this.#ms++;
    if (slot === this.mId.length) {
      this.mId = grown(this.mId, Float64Array);
      this.mP = grown(this.mP, Int32Array);
      this.mG = grown(this.mG, Int32Array);
      this.mWork = grown(this.mWork, Float64Array);
    }
    this.#mSlots.set(id, slot);
    this.mId[slot] = id;
    this.mP[slot] = NO_P;
    this.mG[slot] = NO_G;
    this.mWork[slot] = Number.NaN;
    return slot;
  }

  /** The M that has P `p`, or -1. */
  mOfP(p: number): number {
    let found = -1;
    for (let slot = 0; slot < this.#ms; slot++) if (this.mP[slot] === p) found = slot;
    return found;
  }

  /** The slot of a goroutine, or -1. */
  findG(id: number): number {
    return this.#gSlots.get(id) ?? -1;
  }

  newG(id: number, status: number, gen: number): number {
    let slot = this.#free.pop();
    if (slot === undefined) {
      slot = this.#gs++;
      if (slot === this.gId.length) {
        this.gId = grown(this.gId, Float64Array);
        this.gStatus = grown(this.gStatus, Uint8Array);
        this.gSeq = grown(this.gSeq, Float64Array);
        this.gGen = grown(this.gGen, Float64Array);
        this.gAssist = grown(this.gAssist, Float64Array);
        this.gSTW = grown(this.gSTW, Int8Array);
      }
    }
    this.#gSlots.set(id, slot);
    this.gId[slot] = id;
    this.gStatus[slot] = status;
    this.gSeq[slot] = 0;
    this.gGen[slot] = gen;
    this.gAssist[slot] = Number.NaN;
    this.gSTW[slot] = -1;
    return slot;
  }

  endG(slot: number): void {
    const id = this.gId[slot]!;
    if (this.#gSlots.get(id) !== slot) return;
    this.#gSlots.delete(id);
    this.gStatus[slot] = G_UNKNOWN;
    this.#free.push(slot);
  }
}

type Column = Float64Array | Int32Array | Uint8Array | Int8Array;

function grown<T extends Column>(array: T, type: new (length: number) => Column): T {
  const next = new type(array.length * 2) as T;
  next.set(array);
  return next;
}
