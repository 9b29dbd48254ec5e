/**
 * Size classes and the layout of spans, by Go version. sizeclasses.go (1.11-1.24), internal/runtime/gc/sizeclasses.go
 * (1.25+). The only change to the classes since 1.11 is that of 24 bytes, new in 1.16. For another page size than Go's own
 * 8 KiB they are made as mksizeclasses.go makes them.
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

/** Sizes of mksizeclasses.go, all versions. */
const MIN_HEAP_ALIGN = 8;
const MAX_SMALL_SIZE = 32768;
const LARGE_SIZE_DIV = 128;
/** From this size on classes are aligned to 16 bytes, for the heap bitmaps (1.16+; before, from 16 on). */
const ALIGNED_FROM = 32;
const ALIGNED_FROM_BEFORE_16 = 16;

/**
 * mksizeclasses.go:makeClasses, 1.11-1.27: the classes' slot sizes and span pages for a page of `pageSize` bytes (a power of
 * two). How many there are is checked there and is what it is here: the runtime itself would need larger tables for other pages.
 */
export function makeSizeClasses(pageSize: number, minor: number): { slotSize: number[]; pages: number[] } {
  const slotSize = [0];
  const pages = [0];
  const alignedFrom = minor >= 16 ? ALIGNED_FROM : ALIGNED_FROM_BEFORE_16;
  let align = MIN_HEAP_ALIGN;
  for (let size = align; size <= MAX_SMALL_SIZE; size += align) {
    if ((size & (size - 1)) === 0) {
      if (size >= 2048) align = 256;
      else if (size >= 128) align = size / 8;
      else if (size >= alignedFrom) align = 16;
    }
    // At most an eighth of a span is lost at its end.
    let bytes = pageSize;
    while (bytes % size > Math.floor(bytes / 8)) bytes += pageSize;
    const last = slotSize.length - 1;
    const sameSlots =
      last > 0 && bytes === pages[last]! * pageSize && perSpan(bytes, size) === perSpan(bytes, slotSize[last]!);
    if (sameSlots) slotSize[last] = size;
    else {
      slotSize.push(size);
      pages.push(bytes / pageSize);
    }
  }
  // As large as as many of them in as many pages can be.
  for (let i = 1; i < slotSize.length; i++) {
    const bytes = pages[i]! * pageSize;
    const most = Math.floor(bytes / perSpan(bytes, slotSize[i]!) / LARGE_SIZE_DIV) * LARGE_SIZE_DIV;
    slotSize[i] = Math.max(slotSize[i]!, most);
  }
  return { slotSize, pages };
}

function perSpan(bytes: number, size: number): number {
  return Math.floor(bytes / size);
}

/** Slot sizes of a Go version ("go1.27", "1.15.15"), by size class. */
export function slotSizesFor(version: string): readonly number[] {
  return minorOf(version) >= 16 ? SIZES : SIZES.filter((_, i) => i !== CLASS_OF_24);
}

/** How a version lays out spans, with pages of `pageSize` bytes. Throws RangeError for what is no Go version. */
export function spanLayoutFor(version: string, pageSize = PAGE): SpanLayout {
  const minor = minorOf(version);
  const { slotSize, pages } =
    pageSize === PAGE
      ? { slotSize: slotSizesFor(version), pages: minor >= 16 ? PAGES : PAGES.filter((_, i) => i !== CLASS_OF_24) }
      : makeSizeClasses(pageSize, minor);
  const slots = new Int32Array(slotSize.length * 2);
  slots[0] = 1;
  slots[1] = 1;
  for (let cls = 1; cls < slotSize.length; cls++) {
    for (const noscan of [0, 1]) {
      slots[(cls << 1) | noscan] = slotsOf(slotSize[cls]!, pages[cls]! * pageSize, noscan === 1, minor, pageSize);
    }
  }
  return { slotSize, pages, slots };
}

/**
 * mheap.go:initSpan. Pointer bitmaps (1.22+) and mark bits of small objects (1.26+, Green Tea) are kept inside the span and
 * take the room of some slots. The mark bits are one for each 16 bytes, and as many again for what was scanned: a 64th of a page.
 */
function slotsOf(size: number, bytes: number, noscan: boolean, minor: number, pageSize: number): number {
  let room = bytes;
  if (minor >= 22 && size <= 512 && !noscan) room -= bytes / 64;
  if (minor >= 26 && size >= 16 && size <= 512) room -= pageSize / 64;
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
