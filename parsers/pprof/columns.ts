/** Typed-array columns that grow by doubling: the memory of a column is at most twice its content. */

export class F64Column {
  length = 0;
  #data: Float64Array;

  constructor(capacity = 1024) {
    this.#data = new Float64Array(capacity);
  }

  push(value: number): void {
    if (this.length === this.#data.length) {
      const data = new Float64Array(this.length * 2);
      data.set(this.#data);
      this.#data = data;
    }
    this.#data[this.length++] = value;
  }

  /** The values so far; a view, valid until the next push. */
  values(): Float64Array {
    return this.#data.subarray(0, this.length);
  }
}

export class U32Column {
  length = 0;
  #data: Uint32Array;

  constructor(capacity = 1024) {
    this.#data = new Uint32Array(capacity);
  }

  push(value: number): void {
    if (this.length === this.#data.length) this.reserve(1);
    this.#data[this.length++] = value;
  }

  /** The backing array with room for `count` more: for tight loops, which write at `length` and then set it. */
  reserve(count: number): Uint32Array {
    if (this.length + count > this.#data.length) {
      const data = new Uint32Array(Math.max(this.length + count, this.#data.length * 2));
      data.set(this.#data);
      this.#data = data;
    }
    return this.#data;
  }

  values(): Uint32Array {
    return this.#data.subarray(0, this.length);
  }
}
