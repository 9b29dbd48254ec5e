import type { HeapConfig } from "../../allocator/types.ts";
import type { ScenarioOptions } from "../../replay/scenarios/scenario.ts";
import { UsageError } from "../errors.ts";
import { escapeText } from "../escape.ts";
import { EXIT } from "../exit-codes.ts";
import { MESSAGES } from "../messages.ts";
import { nearest } from "../nearest.ts";
import { parseSize } from "../sizes.ts";
import type { Command, RawArgs } from "./command.ts";
import type { Options } from "./option.ts";

/** Combinations that one scenario is played under at most: a few seconds each. */
const MAX_RUNS = 500;
const MAX_SEEDS = 100;
const MAX_PROCS = 256;

const option = (describe: string, defaultDescription: string): Options => ({
  type: "string",
  requiresArg: true,
  describe,
  defaultDescription,
});

const OPTIONS: Readonly<Record<string, Options>> = {
  json: { type: "boolean", describe: MESSAGES.optionJson },
  policy: option("Go versions, e.g. go1.11,go1.12-dev,go1.27, or all", "list"),
  seeds: option("How many seeds of what the runtime randomizes (the spread of go1.12-dev)", "n"),
  "phys-page-size": option("Page sizes of the system, e.g. 4KiB,16KiB,64KiB", "list"),
  os: option("linux, windows, darwin", "list"),
  procs: option("GOMAXPROCS", "list"),
  gogc: option("GOGC: a number or off", "list"),
  "memory-limit": option("GOMEMLIMIT, or off", "list"),
  thp: option("Transparent huge pages: never, madvise, always", "list"),
  "max-ptes-none": option("khugepaged's max_ptes_none, 0 to 511", "list"),
};

/** `gopages scenario`: built-in programs, one for each chapter of the page heap's history. */
export const scenarioCommand: Command = {
  name: "scenario",
  summary: "Built-in programs under every version's page heap, side by side (no name: lists them)",
  options: OPTIONS,
  inputsOptional: true,
  operands: "[name...]",
  examples: [
    ["gopages scenario bursts", "A burst of requests under Go 1.11 to 1.27"],
    ["gopages scenario broken-find --seeds 10", "How much depends on chance"],
  ],
  async run(raw, { out, terminal }) {
    const [{ SCENARIOS }, { runScenario }, report] = await Promise.all([
      import("../../replay/scenarios/index.ts"),
      import("../../replay/scenarios/run.ts"),
      import("../report/scenario.ts"),
    ]);
    const names = (raw.inputs as unknown[]).map(String);
    const asked = readOptions(raw, await policies(raw));
    if (names.length === 0) {
      await out.write(raw.json === true ? report.scenarioListJson(SCENARIOS) : report.scenarioList(SCENARIOS));
      return EXIT.ok;
    }
    const chosen = names.map((name) => {
      const scenario = SCENARIOS.find((s) => s.name === name);
      if (scenario) return scenario;
      const known = SCENARIOS.map((s) => s.name);
      const close = nearest(name, known);
      throw new UsageError(
        `no scenario is named ${escapeText(name)}`,
        close === undefined ? `Scenarios are ${known.join(", ")}` : MESSAGES.didYouMean(close),
      );
    });
    for (const scenario of chosen) checkSize({ ...scenario.defaults, ...asked });
    const results = chosen.map((scenario) => ({ scenario, result: runScenario(scenario, asked) }));
    if (raw.json === true) await out.write(report.scenarioJson(results));
    else await out.write(results.map((r) => report.scenarioReport(r.scenario, r.result, terminal)).join("\n"));
    return EXIT.ok;
  },
};

async function policies(raw: RawArgs): Promise<string[] | undefined> {
  const { ERAS, findEra } = await import("../../allocator/eras/index.ts");
  const known = ERAS.map((era) => era.name);
  return list(raw, "policy")?.flatMap((policy) => {
    if (policy === "all") return known;
    if (!findEra(policy)) throw new UsageError(MESSAGES.badPolicy(escapeText(policy)), MESSAGES.badPolicyHint(known));
    return [policy.startsWith("go") ? policy : `go${policy}`];
  });
}

type Mutable<T> = { -readonly [K in keyof T]?: T[K] };

function readOptions(raw: RawArgs, policy: string[] | undefined): Partial<ScenarioOptions> {
  const asked: Mutable<ScenarioOptions> = {};
  if (policy) asked.policies = policy;
  const seeds = list(raw, "seeds");
  if (seeds) asked.seeds = whole("--seeds", seeds.join(","), 1, MAX_SEEDS);
  const pages = list(raw, "phys-page-size");
  if (pages) asked.physPageSizes = pages.map(physPageSize);
  const os = list(raw, "os");
  if (os)
    asked.os = os.map((name) => oneOf("--os", name, ["linux", "windows", "darwin"] as const)) as HeapConfig["goos"][];
  const procs = list(raw, "procs");
  if (procs) asked.procs = procs.map((value) => whole("--procs", value, 1, MAX_PROCS));
  const gogc = list(raw, "gogc");
  if (gogc) asked.gogc = gogc.map((v) => (v === "off" ? Number.POSITIVE_INFINITY : whole("--gogc", v, 1, 10_000)));
  const limits = list(raw, "memory-limit");
  if (limits) {
    asked.memoryLimits = limits.map((value) => {
      if (value === "off") return Number.POSITIVE_INFINITY;
      const bytes = parseSize(value);
      if (bytes === null)
        throw new UsageError(MESSAGES.badSize("--memory-limit", escapeText(value)), MESSAGES.badSizeHint);
      return bytes;
    });
  }
  const thp = list(raw, "thp");
  if (thp) asked.thp = thp.map((mode) => oneOf("--thp", mode, ["never", "madvise", "always"] as const));
  const none = list(raw, "max-ptes-none");
  if (none) asked.maxPtesNone = none.map((value) => whole("--max-ptes-none", value, 0, 511));
  return asked;
}

function list(raw: RawArgs, name: string): string[] | undefined {
  const value = raw[name];
  if (value === undefined) return undefined;
  if (Array.isArray(value)) throw new UsageError(MESSAGES.twice(`--${name}`), MESSAGES.tryHelp);
  const items = String(value)
    .split(",")
    .map((item) => item.trim());
  if (items.some((item) => item === "")) throw new UsageError(MESSAGES.missingValue(`--${name}`), MESSAGES.tryHelp);
  return [...new Set(items)];
}

function whole(name: string, value: string, low: number, high: number): number {
  const n = /^\d{1,9}$/.test(value) ? Number(value) : Number.NaN;
  if (n >= low && n <= high) return n;
  throw new UsageError(`${name} ${escapeText(value)}: not a number from ${low} to ${high}`, MESSAGES.tryHelp);
}

function oneOf<T extends string>(name: string, value: string, known: readonly T[]): T {
  if ((known as readonly string[]).includes(value)) return value as T;
  throw new UsageError(`${name} ${escapeText(value)}: not one of ${known.join(", ")}`, MESSAGES.tryHelp);
}

function physPageSize(value: string): number {
  const bytes = parseSize(value);
  if (bytes !== null && bytes >= 4096 && bytes <= 512 << 10 && (bytes & (bytes - 1)) === 0) return bytes;
  throw new UsageError(MESSAGES.badPhysPageSize(escapeText(value)), MESSAGES.badPhysPageSizeHint);
}

function checkSize(o: Partial<ScenarioOptions>): void {
  const lists = [o.policies, o.procs, o.physPageSizes, o.os, o.thp, o.maxPtesNone, o.gogc, o.memoryLimits];
  const runs = lists.reduce((n, l) => n * Math.max(1, l?.length ?? 1), o.seeds ?? 1);
  if (runs <= MAX_RUNS) return;
  throw new UsageError(`${runs} combinations are more than ${MAX_RUNS}`, "Give shorter lists, or fewer --seeds");
}
