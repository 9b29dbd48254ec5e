type TypedArray =
  | Float64Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | Int16Array<ArrayBuffer>
  | Uint8Array<ArrayBuffer>;
type TypedArrayConstructor<T extends TypedArray> = new (length: number) => T;

/** A typed array that grows. */
export class Column<T extends TypedArray> {
  data: T;
  length = 0;
  readonly #make: TypedArrayConstructor<T>;

  constructor(make: TypedArrayConstructor<T>, capacity = 1024) {
    this.#make = make;
    this.data = new make(capacity);
  }

  push(value: number): void {
    if (this.length === this.data.length) {
      const grown = new this.#make(this.data.length * 2);
      grown.set(this.data);
      this.data = grown;
    }
    this.data[this.length++] = value;
  }

  /** Takes out the entries at these ascending indexes. */
  drop(indexes: readonly number[]): void {
    if (indexes.length === 0) return;
    let to = indexes[0]!;
    let next = 0;
    for (let from = to; from < this.length; from++) {
      if (from === indexes[next]) next++;
      else this.data[to++] = this.data[from]!;
    }
    this.length = to;
  }

  /** The filled part, as an array of its own length. */
  trimmed(): T {
    return this.data.slice(0, this.length) as T;
  }
}
