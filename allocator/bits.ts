/**
 * Bitmaps of one chunk (mpallocbits.go and the bit tricks of mgcscavenge.go; Go 1.14 to 1.27).
 *
 * A chunk is 512 pages: 16 halves of 32 bits, as JavaScript's integers have 32. Page i is bit i mod 32 of half i div 32.
 * Bitmaps of all chunks lie in one Int32Array; every function takes the array and the index of the chunk's first half.
 * In alloc bitmaps 1 is allocated, in scav bitmaps 1 is scavenged.
 *
 * Results of two or three numbers are packed into one small integer: no object is made on these paths.
 */

export const PALLOC_CHUNK_PAGES = 512;
/** Halves of 32 bits in a chunk. */
export const CHUNK_HALVES = 16;

/** Trailing zeros; 32 for 0. */
export function ctz32(x: number): number {
  return x === 0 ? 32 : 31 - Math.clz32(x & -x);
}

export function popcount32(x: number): number {
  let v = x - ((x >>> 1) & 0x55555555);
  v = (v & 0x33333333) + ((v >>> 2) & 0x33333333);
  return Math.imul((v + (v >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** pageBits.setRange. */
export function setRange(b: Int32Array, o: number, i: number, n: number): void {
  const j = i + n - 1;
  const first = o + (i >>> 5);
  const last = o + (j >>> 5);
  const lo = -1 << (i & 31);
  const hi = -1 >>> (31 - (j & 31));
  if (first === last) {
    b[first]! |= lo & hi;
    return;
  }
  b[first]! |= lo;
  for (let k = first + 1; k < last; k++) b[k] = -1;
  b[last]! |= hi;
}

/** pageBits.clearRange. */
export function clearRange(b: Int32Array, o: number, i: number, n: number): void {
  const j = i + n - 1;
  const first = o + (i >>> 5);
  const last = o + (j >>> 5);
  const lo = -1 << (i & 31);
  const hi = -1 >>> (31 - (j & 31));
  if (first === last) {
    b[first]! &= ~(lo & hi);
    return;
  }
  b[first]! &= ~lo;
  for (let k = first + 1; k < last; k++) b[k] = 0;
  b[last]! &= ~hi;
}

/** pageBits.popcntRange. */
export function popcntRange(b: Int32Array, o: number, i: number, n: number): number {
  const j = i + n - 1;
  const first = o + (i >>> 5);
  const last = o + (j >>> 5);
  const lo = -1 << (i & 31);
  const hi = -1 >>> (31 - (j & 31));
  if (first === last) return popcount32(b[first]! & lo & hi);
  let s = popcount32(b[first]! & lo) + popcount32(b[last]! & hi);
  for (let k = first + 1; k < last; k++) s += popcount32(b[k]!);
  return s;
}

/**
 * pallocData.allocRange: sets the alloc bits, clears the scav bits. Returns how many scav bits were set (popcntRange of
 * pageAlloc.allocRange).
 */
export function allocRange(alloc: Int32Array, scav: Int32Array, o: number, i: number, n: number): number {
  const j = i + n - 1;
  const first = o + (i >>> 5);
  const last = o + (j >>> 5);
  const lo = -1 << (i & 31);
  const hi = -1 >>> (31 - (j & 31));
  if (first === last) {
    const mask = lo & hi;
    alloc[first]! |= mask;
    const s = scav[first]!;
    if ((s & mask) === 0) return 0;
    scav[first] = s & ~mask;
    return popcount32(s & mask);
  }
  alloc[first]! |= lo;
  let s = scav[first]!;
  let count = popcount32(s & lo);
  scav[first] = s & ~lo;
  for (let k = first + 1; k < last; k++) {
    alloc[k] = -1;
    count += popcount32(scav[k]!);
    scav[k] = 0;
  }
  alloc[last]! |= hi;
  s = scav[last]!;
  count += popcount32(s & hi);
  scav[last] = s & ~hi;
  return count;
}

/** findBitRange64 (1.16+): lowest bit of hi:lo from which on n bits are ones; 64 if there is none. */
export function findBitRange64(lo: number, hi: number, n: number): number {
  let p = n - 1;
  let k = 1;
  while (p > 0) {
    const s = Math.min(p, k);
    if (s < 32) {
      lo &= (lo >>> s) | (hi << (32 - s));
      hi &= hi >>> s;
    } else {
      lo &= s === 32 ? hi : hi >>> (s - 32);
      hi = 0;
    }
    if ((lo | hi) === 0) return 64;
    p -= s;
    k <<= 1;
  }
  if (lo !== 0) return ctz32(lo);
  return hi === 0 ? 64 : 32 + ctz32(hi);
}

/** summarize's packing: start | max << 10 | end << 20, each 0 to 512 pages. */
export const FREE_CHUNK_SUM = 512 | (512 << 10) | (512 << 20);
export const sumStart = (s: number): number => s & 1023;
export const sumMax = (s: number): number => (s >>> 10) & 1023;
export const sumEnd = (s: number): number => s >>> 20;

/** pallocBits.summarize: free pages at the chunk's start, its longest free run, free pages at its end. */
export function summarize(b: Int32Array, o: number): number {
  let start = -1;
  let most = 0;
  let cur = 0;
  const end = o + CHUNK_HALVES;
  for (let i = o; i < end; i++) {
    const x = b[i]!;
    if (x === 0) {
      cur += 32;
      continue;
    }
    cur += 31 - Math.clz32(x & -x);
    if (start < 0) start = cur;
    if (cur > most) most = cur;
    cur = Math.clz32(x);
  }
  if (start < 0) return FREE_CHUNK_SUM;
  if (cur > most) most = cur;
  // A run inside a half has ones on both sides, so it is 30 at most.
  if (most < 30) {
    // Shorten all runs of free pages by the longest one so far, in doubling shifts; whatever is left is longer.
    let p = most;
    let s1 = Math.min(p, 1);
    p -= s1;
    let s2 = Math.min(p, 2);
    p -= s2;
    let s4 = Math.min(p, 4);
    p -= s4;
    let s8 = Math.min(p, 8);
    let s16 = p - s8;
    for (let i = o; i < end; i++) {
      let f = ~b[i]!;
      f &= f >>> s1;
      f &= f >>> s2;
      f &= f >>> s4;
      f &= f >>> s8;
      f &= f >>> s16;
      if (f === 0) continue;
      do {
        most++;
        f &= f >>> 1;
      } while (f !== 0);
      p = most;
      s1 = 1;
      p -= 1;
      s2 = Math.min(p, 2);
      p -= s2;
      s4 = Math.min(p, 4);
      p -= s4;
      s8 = Math.min(p, 8);
      s16 = p - s8;
    }
  }
  return start | (most << 10) | (cur << 20);
}

/** Longest free run of a chunk, of which none is longer than `bound`. */
export function longestRun(b: Int32Array, o: number, bound: number): number {
  let most = 0;
  let cur = 0;
  const end = o + CHUNK_HALVES;
  for (let i = o; i < end; i++) {
    const x = b[i]!;
    if (x === 0) {
      cur += 32;
      continue;
    }
    cur += 31 - Math.clz32(x & -x);
    if (cur > most) most = cur;
    cur = Math.clz32(x);
  }
  if (cur > most) most = cur;
  for (let i = o; i < end && most < bound && most < 30; i++) {
    let f = ~b[i]!;
    if ((f & (f >>> 1)) === 0) {
      if (most === 0 && f !== 0) most = 1;
      continue;
    }
    f = longer(f, most);
    while (f !== 0) {
      most++;
      f &= f >>> 1;
    }
  }
  return most;
}

/** The ones of f that begin more than n ones in a row, in doubling shifts. */
function longer(f: number, n: number): number {
  let p = n;
  const s1 = Math.min(p, 1);
  p -= s1;
  const s2 = Math.min(p, 2);
  p -= s2;
  const s4 = Math.min(p, 4);
  p -= s4;
  const s8 = Math.min(p, 8);
  p -= s8;
  f &= f >>> s1;
  f &= f >>> s2;
  f &= f >>> s4;
  f &= f >>> s8;
  return f & (f >>> p);
}

/** findInChunk's packing: page + 1 | (first free page + 1) << 10, 0 standing for "none". */
export const foundPage = (r: number): number => (r & 1023) - 1;
export const foundFirstFree = (r: number): number => (r >>> 10) - 1;

/**
 * pallocBits.find: the lowest n free pages in a row, and the first free page of all. The search begins with the 64-page
 * word of searchIdx, below which no page may be free.
 */
export function findInChunk(b: Int32Array, o: number, n: number, searchIdx: number): number {
  let i = (searchIdx >>> 6) << 1;
  let x = -1;
  for (; i < CHUNK_HALVES; i++) {
    x = b[o + i]!;
    if (x !== -1) break;
  }
  if (i === CHUNK_HALVES) return 0;
  const first = (i << 5) + ctz32(~x);
  if (n === 1) return (first + 1) * 1025;
  if (n >= 32) return findLargeN(b, o, n, i, first);
  // findBitRange64's doubling shifts, the same five for every half: steps are cheaper than mispredicted branches.
  let p = n - 1;
  const s1 = Math.min(p, 1);
  p -= s1;
  const s2 = Math.min(p, 2);
  p -= s2;
  const s4 = Math.min(p, 4);
  p -= s4;
  const s8 = Math.min(p, 8);
  const s16 = p - s8;
  // end: free pages at the end of what was searched so far.
  let end = 0;
  for (; i < CHUNK_HALVES; i++) {
    x = b[o + i]!;
    const low = x & -x;
    // Free pages at the start of this half; clz32(0) makes it -1 for a wholly free one, which the rest does right by.
    if (end + 31 - Math.clz32(low) >= n) return ((i << 5) - end + 1) | ((first + 1) << 10);
    let c = ~x;
    c &= c >>> s1;
    c &= c >>> s2;
    c &= c >>> s4;
    c &= c >>> s8;
    c &= c >>> s16;
    if (c !== 0) {
      if (x === 0 && end > 0) return ((i << 5) - end + 1) | ((first + 1) << 10);
      return ((i << 5) + 32 - Math.clz32(c & -c)) | ((first + 1) << 10);
    }
    end = Math.clz32(x);
  }
  return (first + 1) << 10;
}

/** pallocBits.findLargeN, from half i on; `first` is the first free page. */
function findLargeN(b: Int32Array, o: number, n: number, i: number, first: number): number {
  let end = 0;
  for (; i < CHUNK_HALVES; i++) {
    const x = b[o + i]!;
    if (x === 0) {
      end += 32;
      if (end >= n) return ((i << 5) + 32 - end + 1) | ((first + 1) << 10);
      continue;
    }
    if (end + 31 - Math.clz32(x & -x) >= n) return ((i << 5) - end + 1) | ((first + 1) << 10);
    end = Math.clz32(x);
  }
  return (first + 1) << 10;
}

/** First page of the free run that ends at page i: pages [result, i) are free. */
export function freeBelow(b: Int32Array, o: number, i: number): number {
  let w = i >>> 5;
  const bit = i & 31;
  if (bit !== 0) {
    const x = b[o + w]! << (32 - bit);
    if (x !== 0) return i - Math.clz32(x);
  }
  while (w > 0) {
    const x = b[o + --w]!;
    if (x !== 0) return (w << 5) + 32 - Math.clz32(x);
  }
  return 0;
}

/** First page from j on that is allocated: pages [j, result) are free. */
export function freeAbove(b: Int32Array, o: number, j: number): number {
  let w = j >>> 5;
  if (w === CHUNK_HALVES) return PALLOC_CHUNK_PAGES;
  const x = b[o + w]! >>> (j & 31);
  if (x !== 0) return j + 31 - Math.clz32(x & -x);
  while (++w < CHUNK_HALVES) {
    const y = b[o + w]!;
    if (y !== 0) return (w << 5) + 31 - Math.clz32(y & -y);
  }
  return PALLOC_CHUNK_PAGES;
}

/** fillAligned for m up to 32: each aligned group of m bits that has a one becomes all ones. */
export function fillAligned32(x: number, m: number): number {
  switch (m) {
    case 1:
      return x;
    case 2:
      x = apply(x, 0x55555555);
      break;
    case 4:
      x = apply(x, 0x77777777);
      break;
    case 8:
      x = apply(x, 0x7f7f7f7f);
      break;
    case 16:
      x = apply(x, 0x7fff7fff);
      break;
    default:
      return x === 0 ? 0 : -1;
  }
  return ~((x - (x >>> (m - 1))) | x);
}

/** A one at the top of each group (c is a group's lower bits) that is all zeros. */
function apply(x: number, c: number): number {
  return ~(((x & c) + c) | x | c);
}

/** Half h of the pages that can't be scavenged: allocated or scavenged, in whole groups of m. */
function unscavengeable(alloc: Int32Array, scav: Int32Array, o: number, h: number, m: number): number {
  if (m === 64) {
    const w = o + (h & ~1);
    return (alloc[w]! | scav[w]! | alloc[w + 1]! | scav[w + 1]!) === 0 ? 0 : -1;
  }
  return fillAligned32(alloc[o + h]! | scav[o + h]!, m);
}

/** findScavengeCandidate's packing: start | size << 10; size 0 is "none". */
export const candidateStart = (r: number): number => r & 1023;
export const candidateSize = (r: number): number => r >>> 10;

/**
 * pallocData.findScavengeCandidate: the top of the highest run of free, unscavenged pages at or below the 64-page word of
 * searchIdx, in multiples of min, at most max pages (rounded up to min) unless that would break a huge page that lies in
 * the run. hugePages is pages per physical huge page, 0 if huge pages don't count.
 */
export function findScavengeCandidate(
  alloc: Int32Array,
  scav: Int32Array,
  o: number,
  searchIdx: number,
  min: number,
  max: number,
  hugePages: number,
): number {
  const limit = max === 0 ? min : Math.ceil(max / min) * min;
  let h = ((searchIdx >>> 6) << 1) + 1;
  let x = -1;
  for (; h >= 0; h--) {
    x = unscavengeable(alloc, scav, o, h, min);
    if (x !== -1) break;
  }
  if (h < 0) return 0;
  const z1 = Math.clz32(~x);
  const end = (h << 5) + 32 - z1;
  let run = 32 - z1;
  const rest = z1 === 0 ? x : x << z1;
  if (rest !== 0) {
    run = Math.clz32(rest);
  } else {
    for (let j = h - 1; j >= 0; j--) {
      const y = unscavengeable(alloc, scav, o, j, min);
      run += Math.clz32(y);
      if (y !== 0) break;
    }
  }
  let size = Math.min(run, limit);
  let start = end - size;
  if (hugePages > 0) {
    const hugePageAbove = Math.ceil(start / hugePages) * hugePages;
    if (hugePageAbove <= end) {
      const hugePageBelow = Math.floor(start / hugePages) * hugePages;
      if (hugePageBelow >= end - run) {
        size += start - hugePageBelow;
        start = hugePageBelow;
      }
    }
  }
  return start | (size << 10);
}
