import type { ReplayResult } from "../replay/result.ts";
import type { ReplayOptions } from "../replay/run.ts";
import type { Services as TuiServices } from "./tui/session.ts";

/** The process as the program sees it: an argument, so that tests can be one. */
export interface Host {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** What the commands ask of the layers below; tests put their own in place. */
export interface Services {
  replay(paths: string[], options: ReplayOptions): Promise<ReplayResult>;
  /** In the place of what the terminal UI asks for beside the replay. */
  readonly tui?: Partial<TuiServices>;
}

/** The real ones, loaded when first used: `--version` and `--help` must not wait for them. */
export const realServices: Services = {
  async replay(paths, options) {
    const { replay } = await import("../replay/run.ts");
    return replay(paths, options);
  },
};
