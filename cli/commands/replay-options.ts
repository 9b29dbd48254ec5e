import type { ReplayOptions } from "../../replay/run.ts";
import { UsageError } from "../errors.ts";
import { escapeText } from "../escape.ts";
import { MESSAGES } from "../messages.ts";
import { parseSize } from "../sizes.ts";
import type { RawArgs } from "./command.ts";
import type { Options } from "./option.ts";

/** Rows of the timeline in JSON unless --samples says otherwise. */
export const DEFAULT_SAMPLES = 500;

/** Options that `replay` and `verify` share. */
export const REPLAY_OPTIONS: Readonly<Record<string, Options>> = {
  json: { type: "boolean", describe: MESSAGES.optionJson },
  plain: { type: "boolean", describe: MESSAGES.optionPlain },
  samples: { type: "string", requiresArg: true, describe: MESSAGES.optionSamples, defaultDescription: "n|all" },
  policy: { type: "string", requiresArg: true, describe: MESSAGES.optionPolicy, defaultDescription: "go1.x" },
  "phys-page-size": {
    type: "string",
    requiresArg: true,
    describe: MESSAGES.optionPhysPageSize,
    defaultDescription: "size",
  },
  "memory-limit": {
    type: "string",
    requiresArg: true,
    describe: MESSAGES.optionMemoryLimit,
    defaultDescription: "size|off",
  },
  "no-progress": { type: "boolean", describe: MESSAGES.optionNoProgress },
};

export interface ReplayArgs {
  readonly inputs: string[];
  readonly json: boolean;
  readonly plain: boolean;
  readonly progress: boolean;
  readonly samples: number | "all";
  readonly replay: ReplayOptions;
}

/** Checks the options and gives them their types. */
export async function readReplayArgs(args: RawArgs): Promise<ReplayArgs> {
  const json = args.json === true;
  const plain = args.plain === true;
  if (json && plain) throw new UsageError(MESSAGES.exclusive("--json", "--plain"), MESSAGES.tryHelp);
  const policy = text(args, "policy");
  if (policy !== undefined) await checkPolicy(policy);
  const physPageSize = text(args, "phys-page-size");
  const memoryLimit = text(args, "memory-limit");
  return {
    inputs: (args.inputs as string[]).map(String),
    json,
    plain,
    progress: args["no-progress"] !== true,
    samples: readSamples(text(args, "samples")),
    replay: {
      ...(policy === undefined ? {} : { policy }),
      ...(memoryLimit === undefined ? {} : { memoryLimit: readMemoryLimit(memoryLimit) }),
      ...(physPageSize === undefined ? {} : { physPageSize: readPhysPageSize(physPageSize) }),
    },
  };
}

async function checkPolicy(policy: string): Promise<void> {
  const { ERAS, findEra } = await import("../../allocator/eras/index.ts");
  if (findEra(policy)) return;
  throw new UsageError(MESSAGES.badPolicy(escapeText(policy)), MESSAGES.badPolicyHint(ERAS.map((era) => era.name)));
}

function text(args: RawArgs, name: string): string | undefined {
  const value = args[name];
  if (Array.isArray(value)) throw new UsageError(MESSAGES.twice(`--${name}`), MESSAGES.tryHelp);
  return value === undefined ? undefined : String(value);
}

function readSamples(value: string | undefined): number | "all" {
  if (value === undefined) return DEFAULT_SAMPLES;
  if (value === "all") return "all";
  const count = /^\d{1,15}$/.test(value) ? Number(value) : 0;
  if (count < 2) throw new UsageError(MESSAGES.badSamples(escapeText(value)), MESSAGES.badSamplesHint);
  return count;
}

function readMemoryLimit(value: string): number | null {
  if (value === "off") return null;
  const bytes = parseSize(value);
  if (bytes === null) throw new UsageError(MESSAGES.badSize("--memory-limit", escapeText(value)), MESSAGES.badSizeHint);
  return bytes;
}

/** Bounds of the runtime's own check (minPhysPageSize and maxPhysPageSize in malloc.go, Go 1.11 ... 1.27). */
const MIN_PHYS_PAGE_SIZE = 4096;
const MAX_PHYS_PAGE_SIZE = 512 << 10;

function readPhysPageSize(value: string): number {
  const bytes = parseSize(value);
  const shown = escapeText(value);
  if (bytes === null) throw new UsageError(MESSAGES.badSize("--phys-page-size", shown), MESSAGES.badSizeHint);
  if (bytes < MIN_PHYS_PAGE_SIZE || bytes > MAX_PHYS_PAGE_SIZE || (bytes & (bytes - 1)) !== 0) {
    throw new UsageError(MESSAGES.badPhysPageSize(shown), MESSAGES.badPhysPageSizeHint);
  }
  return bytes;
}
