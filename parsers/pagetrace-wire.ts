/**
 * Wire format of page traces (runtime/pagetrace_on.go, Go 1.20 to 1.22): 64-bit words in the machine's byte order.
 *
 *     [16 time delta][35 base address][10 npages][1 large][2 type]    alloc 1, free 2, scavenge 3
 *     [64 npages]                                                     after it, if "large" (1024 pages or more)
 *     [61 time][0][00]                                                new base of the deltas
 *     [61 P id][1][00]                                                whose events follow: a buffer begins
 *
 * Times are in 128 ns, cut off; so are deltas, which makes a time up to 256 ns less than it was.
 */

export const WORD = 8;
export const SYNC = 0;
export const ALLOC = 1;
export const FREE = 2;
export const SCAVENGE = 3;

/** ns in a unit of time. */
export const TIME_UNIT = 128;
/** How much later an event may have been than its time says, ns. */
export const TIME_ERROR = 2 * TIME_UNIT;

export type ByteOrder = "little" | "big";

/** A trace begins with a P and a time; from there on each word must make sense. Null if this is no page trace. */
export function byteOrder(head: Uint8Array): ByteOrder | null {
  for (const order of ["little", "big"] as const) if (looksLikeOne(head, order === "little")) return order;
  return null;
}

function looksLikeOne(head: Uint8Array, little: boolean): boolean {
  const words = Math.min(Math.floor(head.length / WORD), 512);
  if (words < 3) return false;
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  let events = 0;
  for (let i = 0; i < words; i++) {
    const low = view.getUint32(i * WORD + (little ? 0 : 4), little);
    const high = view.getUint32(i * WORD + (little ? 4 : 0), little);
    const isP = (low & 7) === 4;
    if (i === 0) {
      if (!isP || !plausibleP(low, high)) return false;
    } else if (i === 1) {
      // Then the time since the machine's start: not 0, and less than 30 years.
      if ((low & 7) !== 0 || (low === 0 && high === 0) || high > 0x0fffffff) return false;
    } else if ((low & 3) === SYNC) {
      if (isP && !plausibleP(low, high)) return false;
    } else {
      events++;
      const pages = (low >>> 3) & 0x3ff;
      const large = (low & 4) !== 0;
      if ((pages === 0) !== large) return false;
      if (large && ++i < words) {
        if (view.getUint32(i * WORD + (little ? 4 : 0), little) > 0xff) return false;
        if (view.getUint32(i * WORD + (little ? 0 : 4), little) < 1024) return false;
      }
    }
  }
  return events > 0;
}

function plausibleP(low: number, high: number): boolean {
  return high === 0 ? low < 0x7fff * 8 : high === 0xffffffff && low === 0xfffffffc;
}
