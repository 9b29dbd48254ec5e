import process from "node:process";
import type { ReplayOptions, ReplayProgress } from "../../replay/run.ts";
import { RunFacts } from "../../replay/run-facts.ts";
import { EXIT } from "../exit-codes.ts";
import type { Host, Services } from "../host.ts";
import type { Keyboard } from "./keyboard.ts";
import type { TuiRun } from "./run.tsx";
import { servicesFor } from "./services.ts";
import { Session } from "./session.ts";

/** An input that is read within this is shown when it is, ms: what goes by at once can't be seen. */
const SHOW_AFTER = 300;

/**
 * Replays the inputs and shows the result in the terminal UI, from the first second on while it is read; resolves to the exit code
 * when the user leaves. Rejects as the replay does, with the terminal given back.
 */
export async function showReplay(
  inputs: string[],
  options: ReplayOptions,
  { stdout, env }: Host,
  services: Services,
  keyboard: Keyboard,
): Promise<number> {
  // React chooses its build when it is loaded: the one for development is several times slower and warns on the screen.
  process.env.NODE_ENV ??= "production";
  const { runTui } = await import("./run.tsx");
  const facts = new RunFacts();
  const stop = new AbortController();
  const asked = servicesFor(inputs, options, services);
  const start = Date.now();
  let session: Session | null = null;
  let tui: TuiRun | null = null;
  const show = (next: Session): TuiRun => {
    session = next;
    tui = runTui(next, { stdout, keyboard, env });
    return tui;
  };
  let leftWhileReading = false;
  const onProgress = (progress: ReplayProgress): void => {
    if (session) session.progress(progress);
    else if (progress.soFar && Date.now() - start >= SHOW_AFTER) {
      show(Session.reading(asked, progress, facts)).left.then(
        () => {
          leftWhileReading = true;
          stop.abort();
        },
        // It is waited for below.
        () => stop.abort(),
      );
    }
  };
  try {
    const result = await services.replay(inputs, {
      ...options,
      // For the report, which of standard input only this replay can give: of files it is made by one of its own.
      heapMaps: inputs.includes("-"),
      heapHistory: true,
      tap: facts.take,
      onProgress,
      signal: stop.signal,
    });
    const running: TuiRun = tui ?? show(new Session(asked, result, facts));
    (session as Session | null)?.done(result);
    const code = await running.left;
    if (code !== EXIT.ok) return code;
    return result.partial ? EXIT.partial : EXIT.ok;
  } catch (error) {
    const running = tui as TuiRun | null;
    if (running === null) {
      keyboard.close();
      throw error;
    }
    // The error is that of a replay that was stopped because the user had left, or why there is nothing more to show.
    if (leftWhileReading) return running.left;
    running.end();
    await running.left;
    throw error;
  }
}
