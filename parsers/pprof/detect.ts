/** Wire type of each field of profile.proto's Profile, by field number; packed forms of repeated numbers aside. */
const WIRE = [-1, 2, 2, 2, 2, 2, 2, 0, 0, 0, 0, 2, 0, 0, 0, 0];

/**
 * How surely bytes begin a protobuf profile: its top-level fields are walked as far as the head goes. A profile has no
 * magic number; but fields of nothing but known numbers and types, with a sample type or a period type that refers to small
 * string indexes, are not met by accident.
 */
export function looksLikeProfile(head: Uint8Array): number {
  let pos = 0;
  let fields = 0;
  let types = 0;
  while (pos < head.length) {
    const tag = head[pos++]!;
    const field = tag >>> 3;
    const wire = tag & 7;
    // Field numbers above 15 take two bytes; Go and pprof write none.
    if (tag >= 0x80 || field === 0 || field >= WIRE.length) return 0;
    if (wire !== WIRE[field] && !(field === 13 && wire === 2)) return 0;
    let value = 0;
    let scale = 1;
    let byte = 0x80;
    for (let i = 0; i < 10 && byte >= 0x80 && pos < head.length; i++) {
      byte = head[pos++]!;
      value += (byte & 0x7f) * scale;
      scale *= 0x80;
    }
    if (byte >= 0x80) {
      if (pos < head.length) return 0;
      break;
    }
    fields++;
    if (wire === 0) continue;
    if (field === 1 || field === 11) {
      // ValueType: two string indexes.
      if (value > 12 || (value > 0 && (head[pos] ?? 0x08) !== 0x08 && head[pos] !== 0x10)) return 0;
      types++;
    }
    pos += value;
  }
  return types > 0 && fields > 2 ? 0.9 : 0;
}
