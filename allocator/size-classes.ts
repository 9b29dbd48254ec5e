/**
 * Size classes and the layout of spans, by Go version. sizeclasses.go (1.11-1.24), internal/runtime/gc/sizeclasses.go
 * (1.25+). The only change to the classes since 1.11 is that of 24 bytes, new in 1.16.
 */
import type { SpanLayout } from "./central.ts";

const PAGE = 8192;

/** Bytes of a slot by size class, [0] for large objects. Go 1.16-1.27. */
const SIZES = [
  0, 8, 16, 24, 32, 48, 64, 80, 96, 112, 128, 144, 160, 176, 192, 208, 224, 240, 256, 288, 320, 352, 384, 416, 448, 480,
  512, 576, 640, 704, 768, 896, 1024, 1152, 1280, 1408, 1536, 1792, 2048, 2304, 2688, 3072, 3200, 3456, 4096, 4864,
  5376, 6144, 6528, 6784, 6912, 8192, 9472, 9728, 10240, 10880, 12288, 13568, 14336, 16384, 18432, 19072, 20480, 21760,
  24576, 27264, 28672, 32768,
];
/** Pages of a span by size class. */
const PAGES = [
  0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 1, 2, 1,
  2, 1, 3, 2, 3, 1, 3, 2, 3, 4, 5, 6, 1, 7, 6, 5, 4, 3, 5, 7, 2, 9, 7, 5, 8, 3, 10, 7, 4,
];
const CLASS_OF_24 = 3;

/** Slot sizes of a Go version ("go1.27", "1.15.15"), by size class. */
export function slotSizesFor(version: string): readonly number[] {
  return minorOf(version) >= 16 ? SIZES : SIZES.filter((_, i) => i !== CLASS_OF_24);
}

/** How a version lays out spans. Throws RangeError for what is no Go version. */
export function spanLayoutFor(version: string): SpanLayout {
  const minor = minorOf(version);
  const slotSize = slotSizesFor(version);
  const pages = minor >= 16 ? PAGES : PAGES.filter((_, i) => i !== CLASS_OF_24);
  const slots = new Int32Array(slotSize.length * 2);
  slots[0] = 1;
  slots[1] = 1;
  for (let cls = 1; cls < slotSize.length; cls++) {
    for (const noscan of [0, 1]) {
      slots[(cls << 1) | noscan] = slotsOf(slotSize[cls]!, pages[cls]! * PAGE, noscan === 1, minor);
    }
  }
  return { slotSize, pages, slots };
}

/**
 * mheap.go:initSpan. Pointer bitmaps (1.22+) and mark bits of small objects (1.26+, Green Tea) are kept inside the span and
 * take the room of some slots.
 */
function slotsOf(size: number, bytes: number, noscan: boolean, minor: number): number {
  let room = bytes;
  if (minor >= 22 && size <= 512 && !noscan) room -= bytes / 64;
  if (minor >= 26 && size >= 16 && size <= 512) room -= 128;
  return Math.floor(room / size);
}

/** Size class of an object of `bytes`, 0 when it is a large one. */
export function sizeClassOf(bytes: number, version: string): number {
  const sizes = slotSizesFor(version);
  for (let cls = 1; cls < sizes.length; cls++) if (sizes[cls]! >= bytes) return cls;
  return 0;
}

function minorOf(version: string): number {
  const m = /^(?:go)?1\.(\d+)/.exec(version);
  if (!m) throw new RangeError(`"${version}" is no Go version`);
  return Number(m[1]);
}
