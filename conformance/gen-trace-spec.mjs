// Makes parsers/trace/spec.gen.ts out of Go's own event table (internal/trace/tracev2/events.go).
// Usage: node conformance/gen-trace-spec.mjs GOROOT     (a GOROOT of Go 1.25 or later)
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const goroot = process.argv[2];
if (!goroot) throw new Error("usage: gen-trace-spec.mjs GOROOT");
const source = readFileSync(join(goroot, "src/internal/trace/tracev2/events.go"), "utf8");
const goVersion = readFileSync(join(goroot, "VERSION"), "utf8").split("\n")[0];

// Numbers: two const blocks, "EvNone EventType = iota" and "MaxEvent EventType = 127 + iota".
const numbers = new Map();
for (const [start, first] of [
  ["EvNone EventType = iota", 0],
  ["MaxEvent EventType = 127 + iota", 127],
]) {
  const block = source.slice(source.indexOf(start), source.indexOf("\n)", source.indexOf(start)));
  let n = first;
  for (const line of block.split("\n")) {
    const name = /^\s*([A-Z]\w*)/.exec(line)?.[1];
    if (name) numbers.set(name, n++);
  }
}

const table = source.slice(source.indexOf("var specs = "), source.indexOf("// GoStatus is"));
const rows = [];
for (const [, ev, body] of table.matchAll(/\n\t(Ev\w+): \{\n([\s\S]*?)\n\t\},/g)) {
  const name = /Name:\s+"(\w+)"/.exec(body)[1];
  const args = [...(/Args:\s+\[\]string\{([^}]*)\}/.exec(body)?.[1] ?? "").matchAll(/"(\w+)"/g)].map((m) => m[1]);
  rows.push({
    number: numbers.get(ev),
    name,
    args,
    timed: /IsTimedEvent:\s+true/.test(body),
    data: /HasData:\s+true/.test(body),
    stack: /IsStack:\s+true/.test(body),
  });
}
rows.sort((a, b) => a.number - b.number);

const out = [
  `// Made by conformance/gen-trace-spec.mjs from internal/trace/tracev2/events.go of ${goVersion}. Do not edit.`,
  "",
  "export interface EventSpec {",
  "  readonly name: string;",
  '  /** Names of the arguments; a timed event\'s first is "dt", ticks since the event before it in its batch. */',
  "  readonly args: readonly string[];",
  "  /** Whether it appears in the event batches of an M. */",
  "  readonly timed: boolean;",
  "  /** Trailing data: a length and that many bytes. */",
  "  readonly data: boolean;",
  "  /** Trailing stack frames: four numbers each. */",
  "  readonly stack: boolean;",
  "}",
  "",
  "/** Event specs by number. */",
  "export const SPECS: Readonly<Record<number, EventSpec>> = {",
  ...rows.map(
    (r) =>
      `  ${r.number}: { name: "${r.name}", args: [${r.args.map((a) => `"${a}"`).join(", ")}], timed: ${r.timed}, data: ${r.data}, stack: ${r.stack} },`,
  ),
  "};",
  "",
];
const wanted = rows.map((r) => `export const Ev${r.name} = ${r.number};`);
writeFileSync(new URL("../parsers/trace/spec.gen.ts", import.meta.url), [...out, ...wanted, ""].join("\n"));
