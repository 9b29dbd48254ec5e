import { openSync } from "node:fs";
import { isatty, ReadStream } from "node:tty";

/** Where keys come from. */
export interface Keyboard {
  readonly stdin: NodeJS.ReadStream;
  /** Gives the terminal back; the process can end then. */
  close(): void;
}

/**
 * Standard input when it is a terminal; otherwise (`cat trace.out | gopages -`) the terminal that controls the process.
 * Null when there is none.
 */
export function openKeyboard(stdin: NodeJS.ReadStream): Keyboard | null {
  if (stdin.isTTY) {
    return {
      stdin,
      close() {
        stdin.pause();
        stdin.unref();
      },
    };
  }
  try {
    const fd = openSync(process.platform === "win32" ? "\\\\.\\CONIN$" : "/dev/tty", "r+");
    if (!isatty(fd)) return null;
    const tty = new ReadStream(fd);
    return { stdin: tty, close: () => void tty.destroy() };
  } catch {
    return null;
  }
}
