/**
 * Every input format, one line each. A descriptor is light: what it needs for reading is imported by its open(), so that
 * gopages starts fast. On a tie of detect() the first listed wins.
 */
import type { Format } from "./format.ts";
import { samplesCsv } from "./samples-csv.ts";
import { goTraceV1 } from "./trace/v1-format.ts";
import { goTraceV2 } from "./trace/v2-format.ts";

export const FORMATS: readonly Format[] = [goTraceV1, goTraceV2, samplesCsv];
