/** Exit codes of `gopages`: part of the contract with scripts. */
export const EXIT = {
  /** Done. */
  ok: 0,
  /** A budget of `check` is broken. */
  budget: 1,
  /** Wrong usage. */
  usage: 2,
  /** An input can't be read or is of no known format, or an output can't be written. */
  input: 3,
  /** Done, but on a partial input (truncated, lossy). */
  partial: 4,
  /** The input can't support what was asked. */
  unsupported: 5,
  /** A bug in gopages (EX_SOFTWARE of sysexits.h). */
  bug: 70,
  /** Interrupted by the user: 128 + SIGINT, as shells say it. */
  interrupted: 130,
} as const;
