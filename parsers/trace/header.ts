// Ported from internal/trace/version/version.go of Go 1.27: "go 1.%d trace\x00\x00\x00".

/** Bytes of a trace's header. */
export const HEADER_BYTES = 16;

/** The minor version in a trace's header (22 for "go 1.22 trace"), or null if this is no trace. */
export function traceVersion(head: Uint8Array): number | null {
  if (head.length < HEADER_BYTES) return null;
  let text = "";
  for (let i = 0; i < HEADER_BYTES; i++) text += String.fromCharCode(head[i]!);
  const match = /^go 1\.(\d\d) trace\0\0\0$/.exec(text);
  return match ? Number(match[1]) : null;
}

/** Versions whose traces have the wire format of Go 1.22 and later, and the releases that write each. */
export const V2_VERSIONS: Readonly<Record<number, readonly string[]>> = {
  22: ["1.22"],
  23: ["1.23", "1.24"],
  25: ["1.25"],
  26: ["1.26", "1.27"],
};

/** The same for the format before that. */
export const V1_VERSIONS: Readonly<Record<number, readonly string[]>> = {
  11: ["1.11", "1.12", "1.13", "1.14", "1.15", "1.16", "1.17", "1.18"],
  19: ["1.19", "1.20"],
  21: ["1.21"],
};
