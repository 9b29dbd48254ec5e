/**
 * What is known of each live span or stack, by id: an open-addressed hash table over typed arrays, for millions of entries
 * without an object each. Keys are integers within 2^53; values two 32-bit numbers.
 */
export class AddrTable {
  #keys: Float64Array = new Float64Array(1024).fill(Number.NaN);
  #a: Int32Array = new Int32Array(1024);
  #b: Int32Array = new Int32Array(1024);
  #mask = 1023;
  #size = 0;
  /** Values of the entry that take() removed. */
  a = 0;
  b = 0;

  get size(): number {
    return this.#size;
  }

  set(key: number, a: number, b: number): void {
    if (this.#size * 2 > this.#mask) this.#grow();
    const keys = this.#keys;
    let i = this.#slot(key);
    for (; !Number.isNaN(keys[i]!); i = (i + 1) & this.#mask) {
      if (keys[i] === key) break;
    }
    if (keys[i] !== key) this.#size++;
    keys[i] = key;
    this.#a[i] = a;
    this.#b[i] = b;
  }

  /** Removes an entry and leaves its values in `a` and `b`; false if there is none. */
  take(key: number): boolean {
    const keys = this.#keys;
    const mask = this.#mask;
    let i = this.#slot(key);
    for (; keys[i] !== key; i = (i + 1) & mask) {
      if (Number.isNaN(keys[i]!)) return false;
    }
    this.a = this.#a[i]!;
    this.b = this.#b[i]!;
    this.#size--;
    // Close the gap: move up what a search would no longer find behind it.
    let gap = i;
    for (let j = (i + 1) & mask; !Number.isNaN(keys[j]!); j = (j + 1) & mask) {
      const home = this.#slot(keys[j]!);
      if (((j - home) & mask) < ((j - gap) & mask)) continue;
      keys[gap] = keys[j]!;
      this.#a[gap] = this.#a[j]!;
      this.#b[gap] = this.#b[j]!;
      gap = j;
    }
    keys[gap] = Number.NaN;
    return true;
  }

  clear(): void {
    this.#keys.fill(Number.NaN);
    this.#size = 0;
  }

  #slot(key: number): number {
    const low = key | 0;
    const high = (key / 4294967296) | 0;
    return (Math.imul(low ^ Math.imul(high, 0x85ebca6b), 0x9e3779b1) >>> 7) & this.#mask;
  }

  #grow(): void {
    const keys = this.#keys;
    const a = this.#a;
    const b = this.#b;
    const length = keys.length * 2;
    this.#keys = new Float64Array(length).fill(Number.NaN);
    this.#a = new Int32Array(length);
    this.#b = new Int32Array(length);
    this.#mask = length - 1;
    this.#size = 0;
    for (let i = 0; i < keys.length; i++) if (!Number.isNaN(keys[i]!)) this.set(keys[i]!, a[i]!, b[i]!);
  }
}
