import { render } from "ink";
import type { ReplayResult } from "../../replay/result.ts";
import { EXIT } from "../exit-codes.ts";
import { painter } from "../style.ts";
import { describeTerminal } from "../terminal.ts";
import { App } from "./app.tsx";
import { prepare } from "./data.ts";
import { TerminalGuard } from "./guard.ts";
import type { Keyboard } from "./keyboard.ts";
import { Screen } from "./screen.ts";

export interface TuiHost {
  readonly stdout: NodeJS.WriteStream;
  readonly keyboard: Keyboard;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Shows the result until the user leaves; resolves to the exit code. */
export async function runTui(result: ReplayResult, { stdout, keyboard, env }: TuiHost): Promise<number> {
  const terminal = describeTerminal(stdout, env);
  const screen = new Screen(stdout);
  const guard = new TerminalGuard(screen, keyboard.stdin);
  let code: number = EXIT.ok;
  guard.hold();
  try {
    const app = render(
      <App
        data={prepare(result)}
        screen={screen}
        terminal={terminal}
        paint={painter(terminal)}
        onEffect={(effect) => {
          if (effect === "suspend") guard.suspend();
          else if (effect === "interrupt") code = EXIT.interrupted;
        }}
      />,
      {
        stdout: screen as unknown as NodeJS.WriteStream,
        stdin: keyboard.stdin,
        // Ink shall write at once or not at all: there is nothing to wait for, see Screen.
        debug: true,
        exitOnCtrlC: false,
        patchConsole: false,
        isScreenReaderEnabled: false,
      },
    );
    // A terminal that went away can't be shown anything any more, and no key will come from it.
    const gone = (): void => app.unmount();
    stdout.on("error", gone);
    keyboard.stdin.on("end", gone);
    keyboard.stdin.on("error", gone);
    try {
      await app.waitUntilExit();
    } finally {
      stdout.off("error", gone);
      keyboard.stdin.off("end", gone);
    }
  } finally {
    guard.release();
    keyboard.close();
  }
  return code;
}
