import { escapeText } from "../escape.ts";
import { formatBytes } from "../sizes.ts";
import type { Recorded } from "./record.ts";

/** What was recorded, what could not be, and how to have it, for stderr. */
export function recordedText(recorded: Recorded, folder: string, addresses: boolean, withUrl: boolean): string {
  const { files, missing, peakRss, runtimeLines } = recorded;
  const shown = escapeText(folder);
  const lines: string[] = [];
  if (files.length === 0) lines.push(`nothing was recorded in ${shown}`);
  else
    lines.push(
      `recorded ${files.join(", ")} in ${shown}${peakRss > 0 ? `; peak RSS measured ${formatBytes(peakRss)}` : ""}`,
    );
  for (const what of missing) lines.push(`missing: ${escapeText(what)}`);
  if (runtimeLines === 0 && !files.includes("trace.out")) {
    lines.push(
      "the program printed no GC: is it a Go program, and did it run long enough? (a wrapper like go run measures go)",
    );
  }
  if (!files.includes("trace.out")) {
    lines.push(
      "without a trace the heap is modelled from GC totals. For one, add to main():",
      '    f, _ := os.Create(os.Getenv("GOPAGES_BUNDLE") + "/trace.out")',
      "    trace.Start(f); defer trace.Stop() // runtime/trace",
    );
    if (!withUrl) lines.push("or import net/http/pprof and give --pprof-url http://localhost:6060");
  } else if (!addresses) lines.push("for exact addresses record with --addresses (Go 1.23 and later)");
  if (files.length > 0) lines.push(`Try: gopages replay ${shown}`);
  return lines.map((line) => `gopages: ${line}\n`).join("");
}
