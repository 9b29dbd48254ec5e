/** An input that can't be read or is of no known format (exit code 3). The message is one line: what, where, what to do. */
export class InputError extends Error {
  override name = "InputError";
}

/** An input that was read but can't support what was asked (exit code 5). The message says what to record instead. */
export class UnsupportedError extends Error {
  override name = "UnsupportedError";
}
