/**
 * Maps as they were before Go 1.24, from a recording of a later version. Since 1.24 a map keeps groups of eight slots
 * (internal/runtime/maps): it grows at 7/8 of them, and past 1024 slots it is split into tables. Before, it had buckets of eight
 * (map.go, 1.11-1.23) with a pointer to an overflow bucket each, grew at 6.5 entries a bucket as a whole, and moved the
 * entries of the old buckets over while others were added.
 *
 * How many entries a map has when is not recorded, only when it took a larger array. So of arrays of each size that share is
 * taken twice as large in which buckets would have grown already.
 */
import type { Program } from "./program.ts";
import { Random } from "./reconstruct/random.ts";

/** The version whose maps are groups. */
export const GROUPS_SINCE = 24;
const PREFIX = "map.group[";
/** Objects with pointers above this size have a header before them (malloc.go: minSizeForMallocHeader, heapBitsInSpan). */
const WITHOUT_HEADER = 512;
const HEADER = 8;
const PAGE = 8192;
const OVERFLOW_POINTER = 8;
/** map.go:makeBucketArray: from so many buckets on there are overflow buckets made beforehand, one for each sixteen. */
const PREALLOCATES = 16;

/** Entries for which buckets are twice as many as groups (6.5 a bucket against 7 a group), of all that an array of groups serves. */
const GROWN_ALREADY = (7 - 6.5) / (7 - 3.5);
/** Old buckets, half as many, are kept until as many entries as there are of them were added: 1 of 6.5 additions. */
const STILL_MOVING = 0.5 / 6.5 / 2;
/** Overflow buckets of entries that hash evenly, as a share of the buckets: more than eight of 3.25 to 6.5 in one. */
const OVERFLOWING = 0.07;

export function isMapGroup(typeName: string | undefined): boolean {
  return typeName?.startsWith(PREFIX) ?? false;
}

/** Bytes of buckets for an array of so many groups of `group` bytes each. */
export function bucketBytes(groups: number, group: number): number {
  return (groups >= PREALLOCATES ? groups + groups / 16 : groups) * (group + OVERFLOW_POINTER);
}

/** Chance that the buckets are taken twice as large: what grows earlier, and what else there is beside the buckets. */
export function doubles(groups: number): number {
  if (groups <= 1) return 0;
  return GROWN_ALREADY + STILL_MOVING + (groups >= PREALLOCATES ? 0 : OVERFLOWING);
}

/**
 * The program with buckets in the place of groups. `groupSize`: of each object, bytes of a group if it is an array of these, 0
 * if not. `slotSize`: by size class of the recorded version, in which the program counts.
 */
export function withBuckets(
  program: Program,
  groupSize: ArrayLike<number>,
  slotSize: ArrayLike<number>,
  seed: number,
): Program {
  const random = new Random(seed);
  const spanClass = program.spanClass.slice();
  const size = program.size.slice();
  for (let i = 0; i < program.objects; i++) {
    const group = groupSize[i]!;
    if (group <= 0) continue;
    const noscan = spanClass[i]! & 1;
    const header = noscan === 0 && size[i]! > WITHOUT_HEADER ? HEADER : 0;
    const groups = 2 ** Math.floor(Math.log2(Math.max(1, Math.floor((size[i]! - header) / group))));
    const buckets = random.next() < doubles(groups) ? 2 * groups : groups;
    const bytes = bucketBytes(buckets, group);
    let cls = 1;
    while (cls < slotSize.length && slotSize[cls]! < bytes) cls++;
    if (cls < slotSize.length) {
      spanClass[i] = (cls << 1) | noscan;
      size[i] = slotSize[cls]!;
    } else {
      spanClass[i] = noscan;
      size[i] = Math.ceil(bytes / PAGE) * PAGE;
    }
  }
  return { ...program, spanClass, size };
}

/** Bytes in arrays of groups, as a share of all that is allocated: 0..1. */
export function mapShare({ objects, size }: Program, groupSize: ArrayLike<number>): number {
  let all = 0;
  let maps = 0;
  for (let i = 0; i < objects; i++) {
    all += size[i]!;
    if (groupSize[i]! > 0) maps += size[i]!;
  }
  return all > 0 ? maps / all : 0;
}
