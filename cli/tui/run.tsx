import { writeFile } from "node:fs/promises";
import { render } from "ink";
import { EXIT } from "../exit-codes.ts";
import { painter } from "../style.ts";
import { describeTerminal } from "../terminal.ts";
import { App } from "./app.tsx";
import { TerminalGuard } from "./guard.ts";
import type { Keyboard } from "./keyboard.ts";
import { screenText } from "./model.ts";
import { Screen } from "./screen.ts";
import type { Session } from "./session.ts";
import type { Effect, Size, State } from "./state.ts";

export interface TuiHost {
  readonly stdout: NodeJS.WriteStream;
  readonly keyboard: Keyboard;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface TuiRun {
  /** Resolves to the exit code when the user leaves. */
  readonly left: Promise<number>;
  /** Gives the terminal back; `left` resolves. */
  end(): void;
}

/** Shows the session until the user leaves. */
export function runTui(session: Session, { stdout, keyboard, env }: TuiHost): TuiRun {
  const terminal = describeTerminal(stdout, env);
  const screen = new Screen(stdout, { mouse: true });
  const guard = new TerminalGuard(screen, keyboard.stdin);
  let code: number = EXIT.ok;
  const onEffect = (effect: Effect, state: State, size: Size): void => {
    switch (effect.do) {
      case "suspend":
        guard.suspend();
        break;
      case "interrupt":
        code = EXIT.interrupted;
        break;
      case "copy":
        screen.copy(screenText(session.data, state, size, terminal));
        session.emit("said", "Copied, if this terminal lets programs do so (OSC 52); Y writes it to a file");
        break;
      case "mouse":
        screen.mouse = !screen.mouse;
        session.emit(
          "said",
          screen.mouse ? "The mouse is gopages' (Shift selects text)" : "The mouse is the terminal's",
        );
        break;
      case "write":
        void write(session, effect.path, screenText(session.data, state, size, terminal));
        break;
      case "export":
        void session.export(effect.format, effect.path);
        break;
      case "start":
        session.start();
        break;
      case "cancel":
        session.cancel();
        break;
      case "quit":
        break;
    }
  };
  guard.hold();
  let app: ReturnType<typeof render>;
  try {
    app = render(
      <App session={session} screen={screen} terminal={terminal} paint={painter(terminal)} onEffect={onEffect} />,
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
  } catch (error) {
    guard.release();
    keyboard.close();
    throw error;
  }
  // A terminal that went away can't be shown anything any more, and no key will come from it.
  const gone = (): void => app.unmount();
  stdout.on("error", gone);
  keyboard.stdin.on("end", gone);
  keyboard.stdin.on("error", gone);
  const left = app
    .waitUntilExit()
    .then(() => code)
    .finally(() => {
      stdout.off("error", gone);
      keyboard.stdin.off("end", gone);
      session.close();
      guard.release();
      keyboard.close();
    });
  return { left, end: gone };
}

async function write(session: Session, path: string, text: string): Promise<void> {
  try {
    // A file that is there is somebody's: "wx" leaves it alone.
    await writeFile(path, text, { flag: "wx" });
    session.emit("said", `Wrote ${path}`);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    session.emit(
      "said",
      code === "EEXIST" ? `${path} is there already: choose another name` : `Not written: ${message}`,
    );
  }
}
