import type { ReplayResult } from "../../replay/result.ts";
import type { Sink } from "../export/exporter.ts";
export async function writeReport(_result: ReplayResult, _out: Sink): Promise<void> {}
