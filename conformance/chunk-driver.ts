/** Vectors of the functions of one chunk (1.14 and later): one call a line, no state. */
import {
  candidateSize,
  candidateStart,
  fillAligned32,
  findBitRange64,
  findInChunk,
  findScavengeCandidate,
  foundFirstFree,
  foundPage,
  sumEnd,
  sumMax,
  summarize,
  sumStart,
} from "../allocator/bits.ts";
import { mergeEntries, packPallocSum, STRIDE } from "../allocator/summary.ts";
import {
  differs,
  minorOf,
  numberOf,
  numberOrNull,
  stringOf,
  type VectorDriver,
  VectorError,
  type VectorKind,
  type VectorLine,
} from "./driver.ts";
import { bitmapOf, halvesOf, hex64 } from "./hex.ts";

const PAGE_SIZE = 8192;

export const chunkVectors: VectorKind = {
  name: "chunk",
  handles: (init) =>
    minorOf(init) >= 14 && (init.scenario === "pallocbits" || init.scenario === "findscavengecandidate"),
  create: (init) => new ChunkDriver(minorOf(init)),
};

class ChunkDriver implements VectorDriver {
  private readonly minor: number;

  constructor(minor: number) {
    this.minor = minor;
  }

  line(line: VectorLine): string | null {
    switch (stringOf(line, "op")) {
      case "findScavengeCandidate":
        return this.candidate(line);
      case "summarize":
        return this.summarize(line);
      case "find":
        return this.find(line);
      case "findBitRange64":
        return this.bitRange(line);
      case "fillAligned":
        return this.fillAligned(line);
      case "mergeSummaries":
        return this.merge(line);
      default:
        throw new VectorError(`unknown op "${stringOf(line, "op")}"`);
    }
  }

  private candidate(line: VectorLine): string | null {
    const phys = numberOf(line, "phys");
    const huge = numberOf(line, "huge");
    const r = findScavengeCandidate(
      bitmapOf(line, "alloc"),
      bitmapOf(line, "scav"),
      0,
      numberOf(line, "searchIdx"),
      numberOf(line, "min"),
      numberOf(line, "max"),
      huge > PAGE_SIZE && huge > phys ? huge / PAGE_SIZE : 0,
    );
    return (
      differs("size", numberOf(line, "size"), candidateSize(r)) ??
      differs("start", numberOf(line, "start"), candidateStart(r))
    );
  }

  private summarize(line: VectorLine): string | null {
    const s = summarize(bitmapOf(line, "bits"), 0);
    return differs("sum", JSON.stringify(line.sum), JSON.stringify([sumStart(s), sumMax(s), sumEnd(s)]));
  }

  private find(line: VectorLine): string | null {
    const r = findInChunk(bitmapOf(line, "bits"), 0, numberOf(line, "n"), numberOf(line, "searchIdx"));
    return (
      differs("i", numberOrNull(line, "i") ?? -1, foundPage(r)) ??
      differs("newSearchIdx", numberOrNull(line, "newSearchIdx") ?? -1, foundFirstFree(r))
    );
  }

  private bitRange(line: VectorLine): string | null {
    const [lo, hi] = halvesOf(line, "word");
    const got = findBitRange64(lo, hi, numberOf(line, "n"));
    const expected = numberOf(line, "i");
    // 1.14 and 1.15 say "not found" by any number from 64 up.
    return differs("i", this.minor < 16 ? Math.min(expected, 64) : expected, got);
  }

  private fillAligned(line: VectorLine): string | null {
    const [lo, hi] = halvesOf(line, "word");
    const m = numberOf(line, "m");
    const any = (lo | hi) === 0 ? 0 : -1;
    const out = m === 64 ? hex64(any, any) : hex64(fillAligned32(hi, m), fillAligned32(lo, m));
    return differs("out", stringOf(line, "out"), out);
  }

  private merge(line: VectorLine): string | null {
    const out = new Int32Array(3);
    if (line.in === undefined) {
      // The packed form of a wholly free root entry.
      out.fill(1 << 21);
    } else {
      const entries = new Int32Array(8 * STRIDE);
      if (!Array.isArray(line.in) || line.in.length !== 8) throw new VectorError(`"in" is not eight summaries`);
      for (const [i, entry] of line.in.entries()) {
        if (!Array.isArray(entry) || entry.length !== 3) throw new VectorError(`"in" is not eight summaries`);
        entries.set(entry as number[], i * STRIDE);
      }
      mergeEntries(entries, 0, numberOf(line, "logMaxPages"), out);
      const d = differs("out", JSON.stringify(line.out), JSON.stringify([...out]));
      if (d) return d;
    }
    const [hi, lo] = packPallocSum(out[0]!, out[1]!, out[2]!);
    return differs("packed", stringOf(line, "packed"), hex64(hi, lo));
  }
}
