/**
 * How a run was made, as a bundle's own JSON tells it: the manifest of `gopages record`, or a meta.json of the same shape
 * from other recorders:
 *
 *     { "go": "1.27.0", "env": { "GOGC": "200", "GOMEMLIMIT": "512MiB", "GODEBUG": "...", "GOMAXPROCS": "2" },
 *       "machine": { "os": "linux/amd64", "physPageSize": 4096 } }
 *
 * `env` holds what was set of the variables that the runtime reads: one that is absent was not set.
 */
import { readFile, stat } from "node:fs/promises";

export interface RunDescription {
  readonly path: string;
  /** As it says it, without "go": "1.27.0". */
  readonly goVersion: string | null;
  /** Whether it tells the environment: settings that are null in it were not set then. */
  readonly hasEnv: boolean;
  /** GOGC in per cent. */
  readonly gogc: number | "off" | null;
  /** GOMEMLIMIT in bytes; null: not set, or off. */
  readonly memoryLimit: number | null;
  readonly gomaxprocs: number | null;
  readonly godebug: string | null;
  /** GOOS. */
  readonly os: string | null;
  /** bytes */
  readonly physPageSize: number | null;
}

/** Descriptions are short; anything longer is something else. */
const LONGEST = 1 << 20;

type Json = Record<string, unknown>;

/** The description in this file; null when it is none (whatever its name). */
export async function readRunDescription(path: string): Promise<RunDescription | null> {
  try {
    const { size } = await stat(path);
    if (size > LONGEST) return null;
    return parseRunDescription(path, await readFile(path, "utf8"));
  } catch {
    return null;
  }
}

export function parseRunDescription(path: string, text: string): RunDescription | null {
  if (!/^\s*\{/.test(text)) return null;
  let meta: Json;
  try {
    meta = JSON.parse(text) as Json;
  } catch {
    return null;
  }
  const env = object(meta.env);
  const machine = object(meta.machine ?? meta.system);
  const version = goVersion(meta.goReported ?? meta.goVersion ?? meta.go ?? meta.go_version);
  if (meta.schema !== "gopages/bundle/1" && typeof meta.env !== "object" && version === null) return null;
  const gogc = string(env.GOGC);
  const page = Number(machine.physPageSize ?? meta.physPageSize ?? machine.pageSize);
  const procs = Number(env.GOMAXPROCS ?? meta.gomaxprocs);
  return {
    path,
    goVersion: version,
    hasEnv: typeof meta.env === "object" && meta.env !== null,
    gogc: gogc === "off" ? "off" : number(gogc),
    memoryLimit: goSize(string(env.GOMEMLIMIT)),
    gomaxprocs: Number.isInteger(procs) && procs > 0 ? procs : null,
    godebug: string(env.GODEBUG) ?? string(meta.godebug),
    os: string(machine.os ?? machine.platform ?? meta.os ?? meta.goos)?.split("/")[0] ?? null,
    physPageSize: page > 0 ? page : null,
  };
}

function object(value: unknown): Json {
  return typeof value === "object" && value !== null ? (value as Json) : {};
}

function string(value: unknown): string | null {
  return typeof value === "string" || typeof value === "number" ? String(value) : null;
}

function number(value: string | null): number | null {
  const parsed = Number(value);
  return value !== null && value.trim() !== "" && Number.isFinite(parsed) && parsed >= 0 ? parsed : null;
}

function goVersion(value: unknown): string | null {
  return /^(?:go)?(1\.\d+(?:\.\d+)?)(?:\D|$)/.exec(string(value) ?? "")?.[1] ?? null;
}

/** A size as GOMEMLIMIT writes it (runtime/string.go:parseByteCount): bytes, or with B, KiB, MiB, GiB, TiB. */
function goSize(value: string | null): number | null {
  const m = /^(\d+)(?:(B|KiB|MiB|GiB|TiB))?$/.exec(value ?? "");
  return m ? Number(m[1]) * 1024 ** ["B", "KiB", "MiB", "GiB", "TiB"].indexOf(m[2] ?? "B") : null;
}
