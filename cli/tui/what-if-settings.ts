/** The settings of the what-if view: what each can be, and how it is written. */
import { findEra } from "../../allocator/eras/index.ts";
import type { Setting } from "../../replay/what-if.ts";
import { formatBytes, parseSize } from "../sizes.ts";
import { parseTime } from "./times.ts";

type Value = number | string;

export interface Field {
  readonly id: keyof Setting;
  readonly title: string;
  /** Names by which the palette takes a value: `gogc 200`. */
  readonly names: readonly string[];
  /** Values to step through, ascending where they are numbers. */
  readonly presets: readonly Value[];
  format(value: Value): string;
  /** The value, or null if the text is none. */
  parse(text: string): Value | null;
  /** What a value looks like, for a text that is none. */
  readonly example: string;
}

const MIB = 2 ** 20;
const OFF = Number.POSITIVE_INFINITY;
const orOff =
  (format: (value: number) => string) =>
  (value: Value): string =>
    value === OFF ? "off" : format(Number(value));

/** Minor versions that differ in page heap, size classes or pacer. */
const VERSIONS = Array.from({ length: 17 }, (_, i) => `go1.${i + 11}`);

/** 16, 24, 32, 48, ... MiB up to 64 GiB. */
const LIMITS = Array.from({ length: 13 }, (_, i) => 16 * MIB * 2 ** i).flatMap((size) => [size, size * 1.5]);

export const FIELDS: readonly Field[] = [
  {
    id: "gogc",
    title: "GOGC",
    names: ["gogc"],
    presets: [10, 25, 50, 75, 100, 150, 200, 300, 400, 800, OFF],
    format: orOff(String),
    parse: (text) => (text === "off" ? OFF : /^[1-9]\d{0,5}$/.test(text) ? Number(text) : null),
    example: "a number of per cent, or off",
  },
  {
    id: "memoryLimit",
    title: "GOMEMLIMIT",
    names: ["limit", "memlimit", "gomemlimit", "memory-limit"],
    presets: [...LIMITS, OFF],
    format: orOff(formatBytes),
    parse: (text) => (text === "off" ? OFF : parseSize(text) || null),
    example: "a size like 512MiB, or off",
  },
  {
    id: "physPageSize",
    title: "Physical page",
    names: ["page", "pages", "phys-page-size"],
    presets: [4096, 16384, 65536],
    format: (value) => `${Number(value) / 1024} KiB`,
    parse: (text) => {
      const bytes = parseSize(text) ?? 0;
      return bytes >= 4096 && bytes <= 512 << 10 && (bytes & (bytes - 1)) === 0 ? bytes : null;
    },
    example: "a power of two from 4KiB to 512KiB",
  },
  {
    id: "policy",
    title: "Policy (Go)",
    names: ["policy", "go"],
    presets: VERSIONS,
    format: String,
    parse: (text) => {
      const name = text.startsWith("go") ? text : `go${text}`;
      return findEra(name) ? name : null;
    },
    example: "a version like go1.19",
  },
  {
    id: "procs",
    title: "GOMAXPROCS",
    names: ["procs", "gomaxprocs"],
    presets: [1, 2, 4, 8, 16, 32, 64],
    format: String,
    parse: (text) => (/^[1-9]\d{0,3}$/.test(text) && Number(text) <= 1024 ? Number(text) : null),
    example: "a number from 1 to 1024",
  },
  {
    id: "goos",
    title: "System",
    names: ["os", "goos"],
    presets: ["linux", "windows", "darwin"],
    format: String,
    parse: (text) => (["linux", "windows", "darwin"].includes(text) ? text : null),
    example: "linux, windows or darwin",
  },
  {
    id: "thp",
    title: "Huge pages",
    names: ["thp", "huge", "hugepages"],
    presets: ["never", "madvise", "always"],
    format: String,
    parse: (text) => (["never", "madvise", "always"].includes(text) ? text : null),
    example: "never, madvise or always",
  },
  {
    id: "pageSize",
    title: "Runtime page",
    names: ["page-size", "runtime-page"],
    presets: [4096, 8192, 16384, 32768, 65536],
    format: (value) => `${Number(value) / 1024} KiB`,
    parse: (text) => {
      const bytes = parseSize(text) ?? 0;
      return bytes >= 4096 && bytes <= 64 << 10 && (bytes & (bytes - 1)) === 0 ? bytes : null;
    },
    example: "a power of two from 4KiB to 64KiB; Go's own is 8KiB",
  },
  {
    id: "freeOsMemoryEvery",
    title: "FreeOSMemory each",
    names: ["freeosmemory", "free-os-memory-every"],
    presets: [1e9, 2e9, 5e9, 10e9, 30e9, 60e9, 300e9, OFF],
    format: orOff((ns) => `${ns / 1e9} s`),
    parse: (text) => {
      if (text === "off") return OFF;
      const ns = parseTime(text);
      return ns !== null && ns >= 1e6 ? ns : null;
    },
    example: "a time like 10s, or off",
  },
];

/** The next preset from a value on, or the last one before it. */
export function stepPreset({ presets }: Field, value: Value, up: boolean): Value {
  if (typeof value === "number") {
    const numbers = presets as readonly number[];
    const next = up ? numbers.find((preset) => preset > value) : numbers.findLast((preset) => preset < value);
    return next ?? value;
  }
  const at = presets.indexOf(value);
  // A version with a patch number is none of the presets: its minor version is where it stands.
  const near = at >= 0 ? at : presets.findLastIndex((preset) => value.startsWith(String(preset)));
  return presets[Math.min(presets.length - 1, Math.max(0, near + (up ? 1 : -1)))]!;
}
