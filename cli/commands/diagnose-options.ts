import type { DiagnoseOptions } from "../../replay/diagnose/collect.ts";
import { UsageError } from "../errors.ts";
import { escapeText } from "../escape.ts";
import { MESSAGES } from "../messages.ts";
import { parseSize } from "../sizes.ts";
import type { RawArgs } from "./command.ts";
import type { Options } from "./option.ts";

/** What recordings often do not tell: options that diagnose, compare and check share. */
export const RUN_OPTIONS: Readonly<Record<string, Options>> = {
  go: {
    type: "string",
    requiresArg: true,
    describe: "Go version of the program, e.g. go1.21.3, where the inputs do not tell",
    defaultDescription: "go1.x.y",
  },
  gogc: {
    type: "string",
    requiresArg: true,
    describe: "GOGC of the run, or off (default: what its goals show)",
    defaultDescription: "n|off",
  },
  "memory-limit": {
    type: "string",
    requiresArg: true,
    describe: "GOMEMLIMIT of the run, or off",
    defaultDescription: "size|off",
  },
  "phys-page-size": {
    type: "string",
    requiresArg: true,
    describe: MESSAGES.optionPhysPageSize,
    defaultDescription: "size",
  },
  os: {
    type: "string",
    requiresArg: true,
    describe: "Operating system of the run: linux, darwin, windows",
    defaultDescription: "os",
  },
};

export function text(args: RawArgs, name: string): string | undefined {
  const value = args[name];
  if (Array.isArray(value)) throw new UsageError(MESSAGES.twice(`--${name}`), MESSAGES.tryHelp);
  return value === undefined ? undefined : String(value);
}

function size(args: RawArgs, name: string): number | undefined {
  const value = text(args, name);
  if (value === undefined) return undefined;
  const bytes = parseSize(value);
  if (bytes === null) throw new UsageError(MESSAGES.badSize(`--${name}`, escapeText(value)), MESSAGES.badSizeHint);
  return bytes;
}

export function readRunOptions(args: RawArgs): DiagnoseOptions {
  const go = text(args, "go");
  if (go !== undefined && !/^(go)?1\.\d+(\.\d+)?((rc|beta)\d+)?$/.test(go)) {
    throw new UsageError(`--go ${escapeText(go)}: not a Go version`, "Versions look like go1.27 or go1.21.3");
  }
  const gogc = text(args, "gogc");
  if (gogc !== undefined && gogc !== "off" && !/^\d{1,6}$/.test(gogc)) {
    throw new UsageError(`--gogc ${escapeText(gogc)}: not a value of GOGC`, "Give a whole number, or off");
  }
  const limit = text(args, "memory-limit") === "off" ? null : size(args, "memory-limit");
  const page = size(args, "phys-page-size");
  const os = text(args, "os");
  const at = text(args, "at");
  return {
    ...(go === undefined ? {} : { goVersion: go }),
    ...(gogc === undefined ? {} : { gogc: gogc === "off" ? ("off" as const) : Number(gogc) }),
    ...(limit === undefined ? {} : { memoryLimit: limit }),
    ...(page === undefined ? {} : { physPageSize: page }),
    ...(os === undefined ? {} : { os }),
    ...(at === undefined ? {} : { at: moment(at) }),
  };
}

const UNITS: Readonly<Record<string, number>> = { ns: 1, us: 1e3, ms: 1e6, s: 1e9, m: 60e9, min: 60e9, h: 3600e9 };

/** "12.5s", "300ms", "2m": ns since the recording's start. */
function moment(value: string): number {
  const m = /^(\d+(?:\.\d+)?)\s*(ns|us|ms|s|m|min|h)?$/.exec(value);
  if (!m)
    throw new UsageError(
      `--at ${escapeText(value)}: not a moment`,
      "Moments look like 12.5s, 300ms or 2m, from the recording's start",
    );
  return Number(m[1]) * UNITS[m[2] ?? "s"]!;
}
