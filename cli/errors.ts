/** Wrong usage (exit code 2): one line that says what is wrong, and one that says how to do it right. */
export class UsageError extends Error {
  override name = "UsageError";
  readonly hint: string;

  constructor(message: string, hint: string) {
    super(message);
    this.hint = hint;
  }
}

/** True for the error of a reader that went away, as `| head` does. */
export function isClosedPipe(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  return code === "EPIPE" || code === "ERR_STREAM_DESTROYED" || code === "ERR_STREAM_WRITE_AFTER_END";
}

/** An output that can't be written (exit code 3). */
export class OutputError extends Error {
  override name = "OutputError";
}

/** One line for what the operating system says of something that is written to. */
export function outputError(name: string, error: unknown): Error {
  const { code } = error as NodeJS.ErrnoException;
  switch (code) {
    case "ENOENT":
    case "ENOTDIR":
      return new OutputError(`${name}: can't be written: no such folder; check the path`);
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return new OutputError(`${name}: can't be written: permission denied; check who may write there`);
    case "EISDIR":
      return new OutputError(`${name}: is a folder; name a file to write to`);
    case "ENOSPC":
    case "EDQUOT":
      return new OutputError(`${name}: can't be written: no space is left there`);
    case undefined:
      return error as Error;
    default:
      return new OutputError(`${name}: can't be written (${code})`);
  }
}
