import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { PassThrough } from "node:stream";
import { afterAll, describe, expect, test } from "vitest";
import { SCENARIOS } from "../replay/scenarios/index.ts";
import { main } from "./program.ts";

/** docs/history.md shows commands and what they print. UPDATE_DOCS=1 writes into it what they print now. */
const FILE = path.join(import.meta.dirname, "..", "docs", "history.md");
const UPDATE = process.env.UPDATE_DOCS === "1";

/** Text before a block, its command line, what follows it up to the fence. */
const BLOCK = /```console\n\$ gopages ([^\n]*)\n([\s\S]*?)```/g;

async function output(argv: string[]): Promise<string> {
  const texts = ["", ""];
  const [stdout, stderr] = texts.map((_, i) => {
    const stream = new PassThrough();
    stream.on("data", (chunk: Buffer) => {
      texts[i] += chunk.toString("utf8");
    });
    return stream as unknown as NodeJS.WriteStream;
  });
  const stdin = new PassThrough() as unknown as NodeJS.ReadStream;
  const code = await main(argv, { stdin, stdout: stdout!, stderr: stderr!, env: { LANG: "C.UTF-8" } });
  expect(texts[1]).toBe("");
  expect(code).toBe(0);
  return texts[0]!;
}

const page = readFileSync(FILE, "utf8");
const blocks = [...page.matchAll(BLOCK)].map(([, command, shown]) => ({ command: command!, shown: shown! }));
const printed = new Map<string, string>();

describe("docs/history.md", () => {
  test("tells of every scenario", () => {
    const told = blocks.map(({ command }) => /^scenario (\S+)/.exec(command)?.[1]);
    expect(told.sort()).toEqual(SCENARIOS.map((s) => s.name).sort());
  });

  test.each(blocks)("$command", async ({ command, shown }) => {
    const now = await output(command.split(" "));
    printed.set(command, now);
    if (!UPDATE) expect(shown).toBe(now);
  });
});

afterAll(() => {
  if (!UPDATE || printed.size !== blocks.length) return;
  const updated = page.replaceAll(BLOCK, (_, command: string) => {
    return `\`\`\`console\n$ gopages ${command}\n${printed.get(command)!}\`\`\``;
  });
  writeFileSync(FILE, updated);
});
