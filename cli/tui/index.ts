import process from "node:process";
import type { ReplayResult } from "../../replay/result.ts";
import type { TuiHost } from "./run.tsx";

/** Loads the terminal UI and shows the result; resolves to the exit code. */
export async function showTui(result: ReplayResult, host: TuiHost): Promise<number> {
  // React chooses its build when it is loaded: the one for development is several times slower and warns on the screen.
  process.env.NODE_ENV ??= "production";
  const { runTui } = await import("./run.tsx");
  return runTui(result, host);
}
