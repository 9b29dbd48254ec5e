import type { MemStats } from "../memstats.ts";
import type { StringTable } from "./strings.ts";
import { sampleScale, slotSize } from "./unsample.ts";

/**
 * A heap profile: what was allocated where, and what of it was alive after the last finished GC cycle (not at the instant
 * of writing: the runtime publishes allocations and frees of a cycle together, so that the two are of one moment).
 *
 * Columns over typed arrays: a profile of a large program has some 10^6 samples. Indexes are checked when it is read.
 */
export interface ProfileData {
  readonly sampleTypes: readonly ValueType[];
  /** Type that pprof shows when not told otherwise ("" when the profile does not say). */
  readonly defaultSampleType: string;
  /** When it was written: ns since the epoch, 0 if unknown. As a double it is within 256 ns. */
  readonly timeNanos: number;
  /** The interval of a delta profile (`?seconds=N`) in ns; 0 for a heap profile since the start of the process. */
  readonly durationNanos: number;
  readonly periodType: ValueType | null;
  /** MemProfileRate: bytes allocated per sample, on average. 0 if unknown. */
  readonly period: number;
  readonly comments: readonly string[];
  /** Whether the values are un-biased already: true for protobuf, false for what was read from the text form. */
  readonly scaled: boolean;

  readonly sampleCount: number;
  /** Value t of sample s is values[s * sampleTypes.length + t]. Negative values occur in delta profiles. */
  readonly values: Float64Array;
  /** Sample s has the locations stacks[stackOffsets[s] ... stackOffsets[s + 1]), innermost first. */
  readonly stackOffsets: Uint32Array;
  readonly stacks: Uint32Array;
  /** Numeric label "bytes" of each sample: the size of its objects; 0 if it has none. */
  readonly sizes: Float64Array;
  readonly labels: LabelColumns;

  readonly locations: LocationColumns;
  readonly functions: FunctionColumns;
  readonly mappings: readonly Mapping[];
  readonly strings: StringTable;
  /** MemStats at the end of the text form. */
  readonly memStats: MemStats | null;
}

export interface ValueType {
  readonly type: string;
  readonly unit: string;
}

export interface LabelColumns {
  /** Sample s has the labels [offsets[s], offsets[s + 1]). */
  readonly offsets: Uint32Array;
  /** String indexes; `str` is 0 for a numeric label. */
  readonly key: Uint32Array;
  readonly str: Uint32Array;
  readonly num: Float64Array;
  readonly unit: Uint32Array;
}

export interface LocationColumns {
  readonly count: number;
  readonly address: Float64Array;
  /** Index of the mapping, or NONE. */
  readonly mapping: Uint32Array;
  /** Location l has the lines [lineOffsets[l], lineOffsets[l + 1]): innermost inlined call first, the real function last. */
  readonly lineOffsets: Uint32Array;
  /** Index of each line's function, or NONE. */
  readonly lineFunction: Uint32Array;
  readonly lineNumber: Float64Array;
}

export interface FunctionColumns {
  readonly count: number;
  /** String indexes. */
  readonly name: Uint32Array;
  readonly systemName: Uint32Array;
  readonly file: Uint32Array;
  readonly startLine: Float64Array;
}

export interface Mapping {
  readonly start: number;
  readonly limit: number;
  readonly offset: number;
  readonly file: string;
  readonly buildId: string;
}

/** Index column value for "none". */
export const NONE = 0xffffffff;

/** One call of a stack, symbolized. Names are untrusted: escape them before printing. */
export interface Frame {
  readonly function: string;
  readonly file: string;
  readonly line: number;
  /** True when the call was inlined into the next frame's function. */
  readonly inlined: boolean;
  readonly address: number;
}

/** Un-biased figures of each sample, unrounded. */
export interface UnsampledColumns {
  /** Bytes of one object's slot. */
  readonly size: Float64Array;
  readonly allocObjects: Float64Array;
  readonly allocBytes: Float64Array;
  readonly inuseObjects: Float64Array;
  readonly inuseBytes: Float64Array;
}

/** Objects and bytes by slot size, ascending; a struct of arrays. */
export interface SizeMix extends UnsampledColumns {
  readonly length: number;
}

/** One place that allocates. */
export interface Site {
  /** The innermost frame outside the runtime, and its heaviest stack from there outwards. */
  readonly frame: Frame;
  readonly stack: readonly Frame[];
  readonly allocObjects: number;
  readonly allocBytes: number;
  readonly inuseObjects: number;
  readonly inuseBytes: number;
}

export type SiteOrder = "inuseBytes" | "inuseObjects" | "allocBytes" | "allocObjects";

/** pprof's "flat" and "cum" of one function. */
export interface FunctionTotals {
  readonly function: string;
  readonly flat: number;
  readonly cum: number;
}

export class HeapProfile {
  readonly data: ProfileData;
  #unsampled: UnsampledColumns | null = null;

  constructor(data: ProfileData) {
    this.data = data;
  }

  get timeNanos(): number {
    return this.data.timeNanos;
  }

  get sampleCount(): number {
    return this.data.sampleCount;
  }

  get memStats(): MemStats | null {
    return this.data.memStats;
  }

  /** True for a difference of two profiles (`?seconds=N`): sums are changes, and can be negative. */
  get isDelta(): boolean {
    return this.data.durationNanos > 0;
  }

  /** Column of a sample type ("inuse_space"; "space" and "objects" for a profile of two columns), or -1. */
  column(type: string): number {
    return this.data.sampleTypes.findIndex((t) => t.type === type);
  }

  /** Sum of a sample type as pprof shows it (rounded per sample); 0 when the profile lacks it. */
  total(type: string): number {
    const column = this.column(type);
    if (column < 0) return 0;
    const k = this.data.sampleTypes.length;
    const { values } = this.data;
    let sum = 0;
    for (let i = column; i < values.length; i += k) sum += values[i]!;
    return sum;
  }

  /**
   * Un-biased figures of each sample (see unsample.ts), with objects not rounded down as they are in the file: a large
   * object that stands for 1.6 of its kind counts as such. Bytes agree with the file's.
   */
  unsampled(): UnsampledColumns {
    if (this.#unsampled) return this.#unsampled;
    const { sampleCount: n, sampleTypes, values, sizes, period, scaled } = this.data;
    const k = sampleTypes.length;
    const two = this.column("inuse_space") < 0;
    const allocO = two ? -1 : this.column("alloc_objects");
    const allocB = two ? -1 : this.column("alloc_space");
    const inuseO = this.column(two ? "objects" : "inuse_objects");
    const inuseB = this.column(two ? "space" : "inuse_space");
    const out = columns(n);
    for (let s = 0; s < n; s++) {
      const at = s * k;
      const ao = allocO < 0 ? 0 : values[at + allocO]!;
      const ab = allocB < 0 ? 0 : values[at + allocB]!;
      const io = inuseO < 0 ? 0 : values[at + inuseO]!;
      const ib = inuseB < 0 ? 0 : values[at + inuseB]!;
      // The column with more objects tells the size better.
      const objects = Math.abs(ao) >= Math.abs(io) ? ao : io;
      const bytes = Math.abs(ao) >= Math.abs(io) ? ab : ib;
      let size = sizes[s]!;
      if (size === 0 && objects !== 0) size = bytes / objects;
      if (scaled) {
        size = slotSize(size, objects, bytes, period);
        out.allocBytes[s] = ab;
        out.inuseBytes[s] = ib;
        out.allocObjects[s] = size > 0 ? ab / size : ao;
        out.inuseObjects[s] = size > 0 ? ib / size : io;
      } else {
        // A bucket's objects are of one size; where they are not (other producers), each pair has its own mean, as in pprof.
        const allocScale = ao > 0 ? sampleScale(ab / ao, period) : 1;
        const inuseScale = io > 0 ? sampleScale(ib / io, period) : 1;
        out.allocBytes[s] = ab * allocScale;
        out.inuseBytes[s] = ib * inuseScale;
        out.allocObjects[s] = ao * allocScale;
        out.inuseObjects[s] = io * inuseScale;
      }
      out.size[s] = size;
    }
    this.#unsampled = out;
    return out;
  }

  /** Un-biased sums over all samples. */
  totals(): { allocObjects: number; allocBytes: number; inuseObjects: number; inuseBytes: number } {
    const u = this.unsampled();
    return {
      allocObjects: sum(u.allocObjects),
      allocBytes: sum(u.allocBytes),
      inuseObjects: sum(u.inuseObjects),
      inuseBytes: sum(u.inuseBytes),
    };
  }

  /** Objects and bytes by slot size: the mix that a reconstruction draws from. Samples without a size are left out. */
  sizeMix(): SizeMix {
    const u = this.unsampled();
    const index = new Map<number, number>();
    for (let s = 0; s < u.size.length; s++) {
      const size = u.size[s]!;
      if (size > 0 && !index.has(size)) index.set(size, 0);
    }
    const sizes = Float64Array.from(index.keys()).sort();
    sizes.forEach((size, i) => {
      index.set(size, i);
    });
    const mix = columns(sizes.length);
    mix.size.set(sizes);
    for (let s = 0; s < u.size.length; s++) {
      const i = index.get(u.size[s]!);
      if (i === undefined) continue;
      mix.allocObjects[i]! += u.allocObjects[s]!;
      mix.allocBytes[i]! += u.allocBytes[s]!;
      mix.inuseObjects[i]! += u.inuseObjects[s]!;
      mix.inuseBytes[i]! += u.inuseBytes[s]!;
    }
    return { ...mix, length: sizes.length };
  }

  /** The places that allocate (or hold) most, heaviest first. */
  sites(limit = 20, order: SiteOrder = "inuseBytes"): Site[] {
    const { stackOffsets, stacks, locations, strings, functions, sampleCount } = this.data;
    const u = this.unsampled();
    const isRuntime = this.#runtimeFunctions();

    // A site is a line of a function; many locations (calls from different inlinings) may be the same line.
    const siteOfLine = new Uint32Array(locations.lineFunction.length).fill(NONE);
    const siteByKey = new Map<string, number>();
    const lines: number[] = [];
    const siteOf = (line: number): number => {
      let site = siteOfLine[line]!;
      if (site !== NONE) return site;
      const key = `${locations.lineFunction[line]} ${locations.lineNumber[line]}`;
      const known = siteByKey.get(key);
      if (known === undefined) {
        site = lines.push(line) - 1;
        siteByKey.set(key, site);
      } else site = known;
      siteOfLine[line] = site;
      return site;
    };

    const sampleSite = new Uint32Array(sampleCount).fill(NONE);
    for (let s = 0; s < sampleCount; s++) {
      let first = NONE;
      let chosen = NONE;
      for (let i = stackOffsets[s]!; i < stackOffsets[s + 1]! && chosen === NONE; i++) {
        const location = stacks[i]!;
        for (let l = locations.lineOffsets[location]!; l < locations.lineOffsets[location + 1]!; l++) {
          if (first === NONE) first = l;
          const fn = locations.lineFunction[l]!;
          if (fn !== NONE && isRuntime[fn] === 0) {
            chosen = l;
            break;
          }
        }
      }
      const line = chosen === NONE ? first : chosen;
      if (line !== NONE) sampleSite[s] = siteOf(line);
    }

    const n = lines.length;
    const sums = columns(n);
    const heaviest = new Uint32Array(n).fill(NONE);
    for (let s = 0; s < sampleCount; s++) {
      const site = sampleSite[s]!;
      if (site === NONE) continue;
      sums.allocObjects[site]! += u.allocObjects[s]!;
      sums.allocBytes[site]! += u.allocBytes[s]!;
      sums.inuseObjects[site]! += u.inuseObjects[s]!;
      sums.inuseBytes[site]! += u.inuseBytes[s]!;
      const best = heaviest[site]!;
      if (best === NONE || u[order][s]! > u[order][best]!) heaviest[site] = s;
    }

    const weight = sums[order];
    const name = (site: number) => strings.get(functions.name[locations.lineFunction[lines[site]!]!] ?? 0);
    return Array.from({ length: n }, (_, i) => i)
      .sort((a, b) => Math.abs(weight[b]!) - Math.abs(weight[a]!) || compare(name(a), name(b)) || a - b)
      .slice(0, limit)
      .map((site) => {
        const stack = this.#fromLine(heaviest[site]!, lines[site]!);
        return {
          frame: stack[0]!,
          stack,
          allocObjects: sums.allocObjects[site]!,
          allocBytes: sums.allocBytes[site]!,
          inuseObjects: sums.inuseObjects[site]!,
          inuseBytes: sums.inuseBytes[site]!,
        };
      });
  }

  /** The stack of a sample, innermost first, with inlined calls. */
  frames(sample: number): Frame[] {
    const { stackOffsets, stacks, locations } = this.data;
    const out: Frame[] = [];
    for (let i = stackOffsets[sample]!; i < stackOffsets[sample + 1]!; i++) {
      const location = stacks[i]!;
      const begin = locations.lineOffsets[location]!;
      const end = locations.lineOffsets[location + 1]!;
      if (begin === end) {
        out.push({ function: "", file: "", line: 0, inlined: false, address: locations.address[location]! });
      }
      for (let l = begin; l < end; l++) out.push(this.#frame(location, l, l < end - 1));
    }
    return out;
  }

  /** Labels of a sample, "bytes" included. */
  labels(sample: number): { key: string; value: string | number; unit: string }[] {
    const { labels, strings } = this.data;
    const out: { key: string; value: string | number; unit: string }[] = [];
    for (let i = labels.offsets[sample]!; i < labels.offsets[sample + 1]!; i++) {
      out.push({
        key: strings.get(labels.key[i]!),
        value: labels.str[i] !== 0 ? strings.get(labels.str[i]!) : labels.num[i]!,
        unit: strings.get(labels.unit[i]!),
      });
    }
    return out;
  }

  /**
   * Flat and cumulative sums by function name of one sample type, as `go tool pprof -top` shows them (values as in the
   * profile; a text profile's are un-biased first, as pprof does). Functions without weight are left out.
   */
  byFunction(type: string): FunctionTotals[] {
    const { stackOffsets, stacks, locations, functions, strings, sampleCount, values, sampleTypes, scaled } = this.data;
    const column = this.column(type);
    if (column < 0) return [];
    const k = sampleTypes.length;
    const u = scaled ? null : this.unsampled();
    const unbiased =
      u && { alloc_objects: u.allocObjects, alloc_space: u.allocBytes, inuse_objects: u.inuseObjects }[type];
    const fromText = u && (unbiased ?? (type === "objects" ? u.inuseObjects : u.inuseBytes));

    // Functions of one name are one row.
    const nameId = new Map<number, number>();
    const idOf = new Uint32Array(functions.count);
    const names: string[] = [];
    const idByName = new Map<string, number>();
    for (let f = 0; f < functions.count; f++) {
      const at = functions.name[f]!;
      let id = nameId.get(at);
      if (id === undefined) {
        const name = strings.get(at);
        id = idByName.get(name);
        if (id === undefined) {
          id = names.push(name) - 1;
          idByName.set(name, id);
        }
        nameId.set(at, id);
      }
      idOf[f] = id;
    }
    const flat = new Float64Array(names.length);
    const cum = new Float64Array(names.length);
    const { lineOffsets, lineFunction } = locations;
    const idOfLine = new Uint32Array(lineFunction.length);
    for (let l = 0; l < idOfLine.length; l++) idOfLine[l] = lineFunction[l] === NONE ? NONE : idOf[lineFunction[l]!]!;
    // A recursive stack counts once for each function: what the current sample (by its number + 1) has met already.
    const seen = new Uint32Array(names.length);
    const met = new Uint32Array(locations.count);
    for (let s = 0; s < sampleCount; s++) {
      const value = fromText ? Math.trunc(fromText[s]!) : values[s * k + column]!;
      if (value === 0) continue;
      const begin = stackOffsets[s]!;
      const end = stackOffsets[s + 1]!;
      if (begin === end) continue;
      const leaf = lineOffsets[stacks[begin]!]!;
      if (leaf < lineOffsets[stacks[begin]! + 1]! && idOfLine[leaf] !== NONE) flat[idOfLine[leaf]!]! += value;
      for (let i = begin; i < end; i++) {
        const location = stacks[i]!;
        if (met[location] === s + 1) continue;
        met[location] = s + 1;
        for (let l = lineOffsets[location]!; l < lineOffsets[location + 1]!; l++) {
          const id = idOfLine[l]!;
          if (id === NONE || seen[id] === s + 1) continue;
          seen[id] = s + 1;
          cum[id]! += value;
        }
      }
    }
    const out: FunctionTotals[] = [];
    names.forEach((name, id) => {
      if (flat[id] !== 0 || cum[id] !== 0) out.push({ function: name, flat: flat[id]!, cum: cum[id]! });
    });
    return out.sort(
      (a, b) =>
        Math.abs(b.flat) - Math.abs(a.flat) || Math.abs(b.cum) - Math.abs(a.cum) || compare(a.function, b.function),
    );
  }

  #frame(location: number, line: number, inlined: boolean): Frame {
    const { locations, functions, strings } = this.data;
    const fn = locations.lineFunction[line]!;
    return {
      function: fn === NONE ? "" : strings.get(functions.name[fn]!),
      file: fn === NONE ? "" : strings.get(functions.file[fn]!),
      line: locations.lineNumber[line]!,
      inlined,
      address: locations.address[location]!,
    };
  }

  /** The stack of a sample from the frame whose line is that of `line` outwards. */
  #fromLine(sample: number, line: number): Frame[] {
    const { locations, functions, strings } = this.data;
    const fn = locations.lineFunction[line]!;
    const name = fn === NONE ? "" : strings.get(functions.name[fn]!);
    const number = locations.lineNumber[line]!;
    const frames = this.frames(sample);
    const from = frames.findIndex((f) => f.function === name && f.line === number);
    return frames.slice(Math.max(from, 0));
  }

  /** 1 for functions of the Go runtime itself, as runtime/pprof tells them when it hides them. */
  #runtimeFunctions(): Uint8Array {
    const { functions, strings } = this.data;
    const out = new Uint8Array(functions.count);
    for (let f = 0; f < functions.count; f++) {
      const name = strings.get(functions.name[f]!);
      if (name.startsWith("runtime.") || name.startsWith("internal/runtime/")) out[f] = 1;
    }
    return out;
  }
}

function columns(n: number) {
  return {
    size: new Float64Array(n),
    allocObjects: new Float64Array(n),
    allocBytes: new Float64Array(n),
    inuseObjects: new Float64Array(n),
    inuseBytes: new Float64Array(n),
  };
}

function sum(values: Float64Array): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i]!;
  return total;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
