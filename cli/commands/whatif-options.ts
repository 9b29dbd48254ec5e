import type { Setting, WhatIfOptions } from "../../replay/what-if.ts";
import { UsageError } from "../errors.ts";
import { escapeText } from "../escape.ts";
import { MESSAGES } from "../messages.ts";
import { parseSize } from "../sizes.ts";
import type { RawArgs } from "./command.ts";
import type { Options } from "./option.ts";

const text = (describe: string, shape: string): Options => ({
  type: "string",
  requiresArg: true,
  describe,
  defaultDescription: shape,
});

export const WHATIF_OPTIONS: Readonly<Record<string, Options>> = {
  json: { type: "boolean", describe: MESSAGES.optionJson },
  plain: { type: "boolean", describe: MESSAGES.optionPlain },
  gogc: text(MESSAGES.optionGogcList, "50,100,off"),
  "memory-limit": text(MESSAGES.optionMemoryLimitList, "off,512MiB"),
  policy: text(MESSAGES.optionPolicyList, "go1.12,go1.27"),
  "phys-page-size": text(MESSAGES.optionPhysPageSizeList, "4KiB,64KiB"),
  "page-size": text(MESSAGES.optionPageSizeList, "8KiB,16KiB"),
  procs: text(MESSAGES.optionProcsList, "2,8"),
  os: text(MESSAGES.optionOsList, "linux,windows"),
  thp: text(MESSAGES.optionThpList, "never,always"),
  "free-os-memory-every": text(MESSAGES.optionFreeOsMemoryEvery, "off,10s"),
  "recorded-gogc": text(MESSAGES.optionRecordedGogc, "100"),
  "recorded-memory-limit": text(MESSAGES.optionRecordedMemoryLimit, "off"),
  solve: text(MESSAGES.optionSolve, "'peak-rss<=512MiB'"),
  "no-progress": { type: "boolean", describe: MESSAGES.optionNoProgress },
};

export interface WhatIfArgs {
  readonly inputs: string[];
  readonly json: boolean;
  readonly progress: boolean;
  readonly options: WhatIfOptions;
  readonly goal: SolveGoal | null;
}

/** What --solve asks for: a figure that must not be exceeded. Bytes, or a share of the CPU time. */
export interface SolveGoal {
  readonly figure: "peak-rss" | "mean-rss" | "gc-cpu";
  readonly most: number;
}

/** Combinations at most: each takes as long as the recording's allocations need. */
const MOST_COMBINATIONS = 1024;
const MAX_PROCS = 1024;
const SYSTEMS: readonly Setting["goos"][] = ["linux", "windows", "darwin"];
const MIN_PHYS_PAGE_SIZE = 4096;
const MAX_PHYS_PAGE_SIZE = 512 << 10;

/** Checks the options and gives them their types. */
export async function readWhatIfArgs(args: RawArgs): Promise<WhatIfArgs> {
  if (args.json === true && args.plain === true) {
    throw new UsageError(MESSAGES.exclusive("--json", "--plain"), MESSAGES.tryHelp);
  }
  const gogc = listOf(args, "gogc", readGogc);
  const memoryLimit = listOf(args, "memory-limit", readLimit);
  const physPageSize = listOf(args, "phys-page-size", readPhysPageSize);
  const pageSize = listOf(args, "page-size", readPageSize);
  const thp = listOf(args, "thp", readThp);
  const procs = listOf(args, "procs", readProcs);
  const goos = listOf(args, "os", readOs);
  const freeOsMemoryEvery = listOf(args, "free-os-memory-every", readEvery);
  const policy = listOf(args, "policy", (value) => value);
  if (policy) await checkPolicies(policy);
  const recordedGogc = single(args, "recorded-gogc", readGogc);
  const recordedMemoryLimit = single(args, "recorded-memory-limit", readLimit);
  const count = [gogc, memoryLimit, physPageSize, pageSize, thp, procs, goos, freeOsMemoryEvery, policy].reduce(
    (product, values) => product * (values?.length ?? 1),
    1,
  );
  if (count > MOST_COMBINATIONS) {
    throw new UsageError(MESSAGES.tooManySettings(count), MESSAGES.tooManySettingsHint(MOST_COMBINATIONS));
  }
  const options: WhatIfOptions = {
    ...(gogc ? { gogc } : {}),
    ...(memoryLimit ? { memoryLimit } : {}),
    ...(physPageSize ? { physPageSize } : {}),
    ...(pageSize ? { pageSize } : {}),
    ...(thp ? { thp } : {}),
    ...(procs ? { procs } : {}),
    ...(goos ? { goos } : {}),
    ...(freeOsMemoryEvery ? { freeOsMemoryEvery } : {}),
    ...(policy ? { policy } : {}),
    ...(recordedGogc === undefined ? {} : { recordedGogc }),
    ...(recordedMemoryLimit === undefined ? {} : { recordedMemoryLimit }),
  };
  const goal = single(args, "solve", readGoal) ?? null;
  if (goal && (gogc || memoryLimit)) {
    throw new UsageError(MESSAGES.exclusive("--solve", gogc ? "--gogc" : "--memory-limit"), MESSAGES.tryHelp);
  }
  if (goal && count > 1) throw new UsageError(MESSAGES.solveOneSetting, MESSAGES.solveOneSettingHint);
  return {
    inputs: (args.inputs as string[]).map(String),
    json: args.json === true,
    progress: args["no-progress"] !== true,
    options,
    goal,
  };
}

function single<T>(args: RawArgs, name: string, read: (value: string, option: string) => T): T | undefined {
  const value = args[name];
  if (Array.isArray(value)) throw new UsageError(MESSAGES.twice(`--${name}`), MESSAGES.tryHelp);
  return value === undefined ? undefined : read(String(value).trim(), `--${name}`);
}

function listOf<T>(args: RawArgs, name: string, read: (value: string, option: string) => T): T[] | undefined {
  return single(args, name, (value, option) => {
    const values = value.split(",").map((part) => read(part.trim(), option));
    return values.filter((item, i) => values.indexOf(item) === i);
  });
}

function bad(option: string, value: string, what: string, hint: string): never {
  throw new UsageError(MESSAGES.badValue(option, escapeText(value), what), hint);
}

function readGogc(value: string, option: string): number {
  if (value === "off") return Number.POSITIVE_INFINITY;
  if (!/^\d{1,6}$/.test(value) || Number(value) === 0) bad(option, value, "not a GOGC", MESSAGES.badGogcHint);
  return Number(value);
}

function readLimit(value: string, option: string): number {
  if (value === "off") return Number.POSITIVE_INFINITY;
  const bytes = parseSize(value);
  if (bytes === null || bytes === 0) bad(option, value, "not a size", MESSAGES.badSizeHint);
  return bytes;
}

function readPhysPageSize(value: string, option: string): number {
  const bytes = parseSize(value);
  const fits =
    bytes !== null && bytes >= MIN_PHYS_PAGE_SIZE && bytes <= MAX_PHYS_PAGE_SIZE && (bytes & (bytes - 1)) === 0;
  if (!fits) bad(option, value, "not a page size", MESSAGES.badPhysPageSizeHint);
  return bytes;
}

/** What the runtime's tables can be made for: chunks of 512 pages must fit an arena of 64 MiB. */
const MIN_PAGE_SIZE = 4096;
const MAX_PAGE_SIZE = 64 << 10;

function readPageSize(value: string, option: string): number {
  const bytes = parseSize(value);
  const fits = bytes !== null && bytes >= MIN_PAGE_SIZE && bytes <= MAX_PAGE_SIZE && (bytes & (bytes - 1)) === 0;
  if (!fits) bad(option, value, "not a page size of the runtime", MESSAGES.badPageSizeHint);
  return bytes;
}

function readThp(value: string, option: string): Setting["thp"] {
  const mode = (["never", "madvise", "always"] as const).find((name) => name === value);
  if (!mode) bad(option, value, "no such mode", MESSAGES.badThpHint);
  return mode;
}

function readProcs(value: string, option: string): number {
  const count = /^\d{1,5}$/.test(value) ? Number(value) : 0;
  if (count < 1 || count > MAX_PROCS) bad(option, value, "not a GOMAXPROCS", MESSAGES.badProcsHint);
  return count;
}

function readOs(value: string, option: string): Setting["goos"] {
  const os = SYSTEMS.find((name) => name === value);
  if (!os) bad(option, value, "no such system", MESSAGES.badOsHint(SYSTEMS));
  return os;
}

const TIME_UNITS: Readonly<Record<string, number>> = { ms: 1e6, s: 1e9, m: 60e9, min: 60e9, h: 3600e9 };

function readEvery(value: string, option: string): number {
  if (value === "off") return Number.POSITIVE_INFINITY;
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|min|h)$/.exec(value);
  const ns = match ? Number(match[1]) * TIME_UNITS[match[2]!]! : 0;
  if (!(ns >= 1e6)) bad(option, value, "not a length of time", MESSAGES.badEveryHint);
  return ns;
}

function readGoal(value: string, option: string): SolveGoal {
  const match = /^(peak-rss|mean-rss|gc-cpu)\s*<=?\s*(.+)$/.exec(value);
  if (!match) bad(option, value, "not a goal", MESSAGES.badGoalHint);
  const figure = match[1] as SolveGoal["figure"];
  if (figure !== "gc-cpu") {
    const most = parseSize(match[2]!);
    if (most === null || most === 0) bad(option, value, "not a size", MESSAGES.badGoalHint);
    return { figure, most };
  }
  const percent = /^(\d+(?:\.\d+)?)\s*%$/.exec(match[2]!);
  const most = percent ? Number(percent[1]) / 100 : 0;
  if (!(most > 0 && most <= 1)) bad(option, value, "not a share", MESSAGES.badGoalHint);
  return { figure, most };
}

async function checkPolicies(policies: readonly string[]): Promise<void> {
  const { ERAS, findEra } = await import("../../allocator/eras/index.ts");
  const unknown = policies.find((policy) => !findEra(policy));
  if (unknown === undefined) return;
  throw new UsageError(MESSAGES.badPolicy(escapeText(unknown)), MESSAGES.badPolicyHint(ERAS.map((era) => era.name)));
}
