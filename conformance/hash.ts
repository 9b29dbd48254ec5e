/** FNV-1a, 32 bits, over little-endian words: how vectors identify a state. */
export class Fnv1a {
  private h = 2166136261 | 0;

  u32(v: number): void {
    let h = this.h;
    h = Math.imul(h ^ (v & 0xff), 16777619);
    h = Math.imul(h ^ ((v >>> 8) & 0xff), 16777619);
    h = Math.imul(h ^ ((v >>> 16) & 0xff), 16777619);
    this.h = Math.imul(h ^ (v >>> 24), 16777619);
  }

  toString(): string {
    return (this.h >>> 0).toString(16).padStart(8, "0");
  }
}
