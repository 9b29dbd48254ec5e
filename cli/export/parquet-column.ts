import { gzipSync } from "node:zlib";
import type { ColumnChunk } from "hyparquet";
import type { ByteWriter } from "hyparquet-writer";
import { writePageHeader } from "hyparquet-writer/src/datapage.js";

/** Quickest: a stronger level makes the file a fiftieth smaller. */
const GZIP_LEVEL = 1;

/** A column of doubles for the rows of one group: plain values, packed by gzip, one page. */
export class DoubleColumn {
  readonly #name: string;
  readonly #optional: boolean;
  readonly #values: Float64Array;
  /** Bit i of byte i / 8 is set where a row has a value: Parquet's own form for it. */
  readonly #there: Uint8Array;
  #length = 0;
  #rows = 0;

  /** `most`: rows of a group. */
  constructor(name: string, optional: boolean, most: number) {
    this.#name = name;
    this.#optional = optional;
    this.#values = new Float64Array(most);
    this.#there = new Uint8Array((most + 7) >> 3);
  }

  add(value: number | null | undefined): void {
    const row = this.#rows++;
    if (value === null || value === undefined) return;
    this.#values[this.#length++] = value;
    this.#there[row >> 3]! |= 1 << (row & 7);
  }

  /** Writes the page, starts anew, and tells what the file's end has to know of it. */
  write(writer: ByteWriter): ColumnChunk {
    const from = writer.offset;
    const values = this.#values.subarray(0, this.#length);
    const levels = this.#optional ? this.#levels() : new Uint8Array();
    const plain = new Uint8Array(values.buffer, 0, values.byteLength);
    const packed = plain.length > 0 ? gzipSync(plain, { level: GZIP_LEVEL }) : plain;
    const nulls = this.#rows - this.#length;
    writePageHeader(writer, {
      type: "DATA_PAGE_V2",
      uncompressed_page_size: levels.length + plain.length,
      compressed_page_size: levels.length + packed.length,
      data_page_header_v2: {
        num_values: this.#rows,
        num_nulls: nulls,
        num_rows: this.#rows,
        encoding: "PLAIN",
        definition_levels_byte_length: levels.length,
        repetition_levels_byte_length: 0,
        is_compressed: plain.length > 0,
      },
    });
    const header = writer.offset - from;
    writer.appendBytes(levels);
    writer.appendBytes(packed);
    const chunk: ColumnChunk = {
      file_offset: BigInt(from),
      meta_data: {
        type: "DOUBLE",
        encodings: ["PLAIN", "RLE"],
        path_in_schema: [this.#name],
        codec: "GZIP",
        num_values: BigInt(this.#rows),
        total_uncompressed_size: BigInt(header + levels.length + plain.length),
        total_compressed_size: BigInt(writer.offset - from),
        data_page_offset: BigInt(from),
        statistics: { ...range(values), null_count: BigInt(nulls) },
      },
    };
    this.#length = 0;
    this.#rows = 0;
    this.#there.fill(0);
    return chunk;
  }

  /** Parquet's RLE/bit-packing hybrid, 1 bit wide: one run where all rows are the same, else all bits as they are. */
  #levels(): Uint8Array {
    if (this.#length === 0 || this.#length === this.#rows) {
      return Uint8Array.from([...varint(this.#rows * 2), this.#length === 0 ? 0 : 1]);
    }
    const groups = (this.#rows + 7) >> 3;
    return Buffer.concat([Uint8Array.from(varint(groups * 2 + 1)), this.#there.subarray(0, groups)]);
  }
}

/** Least and greatest; none where no value can be compared. Parquet wants zeros of either sign to be within. */
function range(values: Float64Array): { min_value?: number; max_value?: number } {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  if (min > max) return {};
  return { min_value: min === 0 ? -0 : min, max_value: max === 0 ? 0 : max };
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  for (; value > 127; value >>>= 7) bytes.push((value & 127) | 128);
  bytes.push(value);
  return bytes;
}
