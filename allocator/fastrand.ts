/**
 * runtime.fastrand of Go 1.11 to 1.13 (stubs.go): xorshift64+ as two 32-bit sequences, one state per M.
 *
 * The treaps of free spans draw a priority from it at each insertion. In a real process every M has its own state, seeded
 * from the clock and drawn on by everything else too, so a run's priorities cannot be known afterwards. The model has one
 * state per heap, made from a seed: runs are the same for the same seed, and the seed is what stands for chance.
 */
export class Fastrand {
  private s0: number;
  private s1: number;

  constructor(seed: number) {
    // proc.go:mcommoninit seeds an M so; the second word is cputicks() there.
    this.s0 = Math.imul(1597334677, seed + 1);
    this.s1 = mix(seed);
    if ((this.s0 | this.s1) === 0) this.s1 = 1;
  }

  /** The next 32 bits, unsigned. */
  next(): number {
    let a = this.s0;
    const b = this.s1;
    a ^= a << 17;
    a = a ^ b ^ (a >>> 7) ^ (b >>> 16);
    this.s0 = b;
    this.s1 = a;
    return (b + a) >>> 0;
  }

  /** m.fastrand, as two unsigned words. */
  get state(): [number, number] {
    return [this.s0 >>> 0, this.s1 >>> 0];
  }

  set state([a, b]: [number, number]) {
    this.s0 = a | 0;
    this.s1 = b | 0;
  }
}

/** Spreads neighbouring seeds over 32 bits (the finalizer of MurmurHash3). */
function mix(seed: number): number {
  let h = (seed ^ 0x9e3779b9) | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
