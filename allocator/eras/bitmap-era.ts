import { BitmapHeap, type BitmapRules } from "../heap.ts";
import type { Era } from "../types.ts";

/** An era of the bitmap allocator (1.14 and later), with its rules in the open: the vectors run parts of it. */
export interface BitmapEra extends Era {
  readonly rules: BitmapRules;
}

export function bitmapEra(era: Omit<Era, "create">, rules: BitmapRules): BitmapEra {
  return { ...era, rules, create: (config) => new BitmapHeap(era.name, config, rules) };
}

export function isBitmapEra(era: Era): era is BitmapEra {
  return "rules" in era;
}
