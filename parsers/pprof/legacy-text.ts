/**
 * The text form of a heap profile (`/debug/pprof/heap?debug=1`): sampled counts as they are, not un-biased, and the MemStats of
 * that moment at its end (runtime/pprof/pprof.go writeHeapInternal; read as pprof's profile/legacy_profile.go parseHeap does).
 */

import { InputError } from "../errors.ts";
import type { Losses, LossKind } from "../losses.ts";
import { type MemStats, memStatsFromText } from "../memstats.ts";
import { F64Column, U32Column } from "./columns.ts";
import { HeapProfile, NONE } from "./profile.ts";
import { StringTable } from "./strings.ts";

const HEADER = /^heap profile: *(\d+): *(\d+) *\[ *(\d+): *(\d+) *\] *@ *(heap[_a-z0-9]*)\/?(\d*)/;
const SAMPLE = /^\s*(-?\d+): *(-?\d+) *\[ *(\d+): *(\d+) *\] @([ x0-9a-f]*)$/;
const MEMORY_MAP = /^(--- Memory map: ---|MAPPED_LIBRARIES:)/;

const DAMAGED_LINE: LossKind = {
  name: "damaged-lines",
  severity: "data-loss",
  meaning: "lines of the heap profile that can't be read were left out",
};
const NO_MEMSTATS: LossKind = {
  name: "no-memstats",
  severity: "data-loss",
  meaning: "the profile ends without the MemStats that Go writes at its end: it is cut off",
};

/** Profiles of a text, one after the other. */
export function readHeapText(text: string, path: string, losses: Losses): HeapProfile[] {
  const profiles: HeapProfile[] = [];
  let reader: TextProfile | null = null;
  let number = 0;
  let begin = 0;
  while (begin < text.length) {
    let end = text.indexOf("\n", begin);
    if (end < 0) end = text.length;
    const line = text.slice(begin, text.charCodeAt(end - 1) === 0x0d ? end - 1 : end);
    begin = end + 1;
    number++;
    if (line.startsWith("heap profile:")) {
      if (reader) profiles.push(reader.finish(losses));
      reader = new TextProfile(line, path, number);
    } else if (reader) {
      if (!reader.line(line)) losses.add(DAMAGED_LINE, 1, `line ${number}`);
    } else if (line.trim() !== "") losses.add(DAMAGED_LINE, 1, `line ${number}`);
  }
  if (!reader) throw new InputError(`${path}: no text heap profile: it does not begin with "heap profile:"`);
  profiles.push(reader.finish(losses));
  return profiles;
}

class TextProfile {
  readonly #period: number;
  readonly #hasAlloc: boolean;
  readonly #values = new F64Column();
  readonly #sizes = new F64Column();
  readonly #stackOffsets = new U32Column();
  readonly #stacks = new U32Column();
  readonly #locationOf = new Map<number, number>();
  readonly #address = new F64Column();
  /** Lines of each location, as [function, line number, ...]. */
  readonly #lines: number[][] = [];
  readonly #functionOf = new Map<string, number>();
  readonly #functions: { name: number; file: number }[] = [];
  readonly #stringOf = new Map<string, number>([["", 0]]);
  #footer = "";
  #inMemoryMap = false;
  /** Locations of the current sample by address, and the one that the last symbol line was of. */
  #current: number[] = [];
  #symbolAt = -1;
  /** Locations that had lines before the current sample. */
  #known = new Set<number>();

  constructor(header: string, path: string, line: number) {
    const m = HEADER.exec(header);
    if (!m) {
      throw new InputError(
        `${path}: line ${line}: not a heap profile's header ("heap profile: N: N [N: N] @ heap/RATE"); record /debug/pprof/heap?debug=1`,
      );
    }
    const [, inuseObjects, inuseBytes, allocObjects, allocBytes, kind, rate] = m;
    // The header has twice the rate for Go's "heap", as old profilers of C++ had it.
    if (kind === "heap") this.#period = Math.floor(Number(rate) / 2);
    else if (kind === "heapz_v2" || kind === "heap_v2") this.#period = Number(rate);
    else if (kind === "heapprofile") this.#period = 1;
    else throw new InputError(`${path}: line ${line}: a profile of kind "${kind}", which is not of the heap`);
    this.#hasAlloc =
      (allocObjects !== inuseObjects && allocObjects !== "0") || (allocBytes !== inuseBytes && allocBytes !== "0");
  }

  /** False if the line makes no sense. */
  line(line: string): boolean {
    if (line.startsWith("#")) {
      if (line.startsWith("#\t0x")) return this.#symbol(line);
      this.#footer += `${line}\n`;
      return true;
    }
    if (line.trim() === "") {
      this.#settle();
      return true;
    }
    if (MEMORY_MAP.test(line)) this.#inMemoryMap = true;
    if (this.#inMemoryMap) return true;
    return this.#sample(line);
  }

  #sample(line: string): boolean {
    const m = SAMPLE.exec(line);
    if (!m) return false;
    const [inuseObjects, inuseBytes, allocObjects, allocBytes] = [
      Number(m[1]),
      Number(m[2]),
      Number(m[3]),
      Number(m[4]),
    ];
    if ((inuseObjects === 0 && inuseBytes !== 0) || (allocObjects === 0 && allocBytes !== 0 && this.#hasAlloc))
      return false;
    this.#settle();
    if (this.#hasAlloc) {
      this.#values.push(allocObjects);
      this.#values.push(allocBytes);
    }
    this.#values.push(inuseObjects);
    this.#values.push(inuseBytes);
    const [objects, bytes] =
      this.#hasAlloc && allocObjects > 0 ? [allocObjects, allocBytes] : [inuseObjects, inuseBytes];
    this.#sizes.push(objects === 0 ? 0 : Math.floor(Math.abs(bytes / objects)));
    this.#stackOffsets.push(this.#stacks.length);
    for (const hex of m[5]!.split(" ")) {
      if (hex === "") continue;
      // A return address: the call is before it.
      const address = Number(hex) - 1;
      if (Number.isNaN(address)) continue;
      let location = this.#locationOf.get(address);
      if (location === undefined) {
        location = this.#address.length;
        this.#locationOf.set(address, location);
        this.#address.push(address);
        this.#lines.push([]);
      }
      this.#stacks.push(location);
      this.#current.push(location);
    }
    return true;
  }

  /**
   * A call of the current sample, as the runtime symbolized it: runtime frames are left out, and an inlined call has a line
   * of its own, either with an address of the stack or (up to 1.20) with that of the call that it was inlined into.
   */
  #symbol(line: string): boolean {
    // "#", address, name+0xoffset, file:line, with tabs between that align columns.
    const [, hex, symbol, place] = line.split("\t").filter((part) => part !== "");
    const colon = place?.lastIndexOf(":") ?? -1;
    if (hex === undefined || symbol === undefined || place === undefined || colon <= 0) return false;
    const number = Number(place.slice(colon + 1));
    if (!Number.isInteger(number)) return false;
    const address = Number(hex);
    const location = this.#locationOf.get(address);
    if (location !== undefined && this.#current.includes(location)) this.#symbolAt = location;
    const target = this.#symbolAt;
    if (target < 0 || this.#known.has(target)) return true;
    const name = symbol.replace(/\+0x[0-9a-f]+ *$/, "");
    const file = place.slice(0, colon);
    const key = `${name}\t${file}`;
    let fn = this.#functionOf.get(key);
    if (fn === undefined) {
      fn = this.#functions.push({ name: this.#string(name), file: this.#string(file) }) - 1;
      this.#functionOf.set(key, fn);
    }
    this.#lines[target]!.push(fn, number);
    return true;
  }

  /** The current sample is over: its locations have all their lines. */
  #settle(): void {
    for (const location of this.#current) if (this.#lines[location]!.length > 0) this.#known.add(location);
    this.#current = [];
    this.#symbolAt = -1;
  }

  #string(text: string): number {
    let index = this.#stringOf.get(text);
    if (index === undefined) {
      index = this.#stringOf.size;
      this.#stringOf.set(text, index);
    }
    return index;
  }

  finish(losses: Losses): HeapProfile {
    this.#settle();
    const memStats: MemStats | null = memStatsFromText(this.#footer, losses)[0] ?? null;
    if (memStats?.NumGC === undefined) losses.add(NO_MEMSTATS);
    const n = this.#sizes.length;
    this.#stackOffsets.push(this.#stacks.length);
    const lineOffsets = new Uint32Array(this.#lines.length + 1);
    const lineFunction: number[] = [];
    const lineNumber: number[] = [];
    this.#lines.forEach((lines, i) => {
      lineOffsets[i] = lineFunction.length;
      for (let l = 0; l < lines.length; l += 2) {
        lineFunction.push(lines[l]!);
        lineNumber.push(lines[l + 1]!);
      }
    });
    lineOffsets[this.#lines.length] = lineFunction.length;
    const name = Uint32Array.from(this.#functions, (f) => f.name);
    const bytes = this.#string("bytes");
    const columns = (type: string) => ({ type, unit: type.endsWith("objects") ? "count" : "bytes" });
    return new HeapProfile({
      sampleTypes: this.#hasAlloc
        ? ["alloc_objects", "alloc_space", "inuse_objects", "inuse_space"].map(columns)
        : ["objects", "space"].map(columns),
      defaultSampleType: "",
      timeNanos: 0,
      durationNanos: 0,
      periodType: { type: "space", unit: "bytes" },
      period: this.#period,
      comments: [],
      scaled: false,
      sampleCount: n,
      values: this.#values.values(),
      stackOffsets: this.#stackOffsets.values(),
      stacks: this.#stacks.values(),
      sizes: this.#sizes.values(),
      labels: {
        offsets: Uint32Array.from({ length: n + 1 }, (_, i) => i),
        key: new Uint32Array(n).fill(bytes),
        str: new Uint32Array(n),
        num: this.#sizes.values(),
        unit: new Uint32Array(n),
      },
      locations: {
        count: this.#lines.length,
        address: this.#address.values(),
        mapping: new Uint32Array(this.#lines.length).fill(NONE),
        lineOffsets,
        lineFunction: Uint32Array.from(lineFunction),
        lineNumber: Float64Array.from(lineNumber),
      },
      functions: {
        count: this.#functions.length,
        name,
        systemName: name,
        file: Uint32Array.from(this.#functions, (f) => f.file),
        startLine: new Float64Array(this.#functions.length),
      },
      mappings: [],
      strings: StringTable.of([...this.#stringOf.keys()]),
      memStats,
    });
  }
}
