import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { COMMANDS } from "../commands/index.ts";
import { callOf } from "../commands/load.ts";
import { parseCommandLine } from "../parse.ts";
import { main } from "../program.ts";
import { completionScript, SHELLS } from "./completion.ts";
import { manPage } from "./man.ts";

const docs = path.join(import.meta.dirname, "..", "..", "docs");

// After a change of a command: npx vitest run cli/man -u
test("docs/gopages.1 is what the commands say", async () => {
  await expect(manPage(COMMANDS)).toMatchFileSnapshot(path.join(docs, "gopages.1"));
});

test("man reads the page without a complaint, where there is one", () => {
  const { status, stderr } = spawnSync("groff", ["-man", "-ww", "-Tutf8", path.join(docs, "gopages.1")], {
    encoding: "utf8",
  });
  if (status === null) return;
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
});

test("bash completes commands, options and formats", () => {
  const script = completionScript("bash", COMMANDS, { to: ["html", "csv"] });
  const complete = (words: string[]): string[] => {
    const line = `${script}\nCOMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")}); COMP_CWORD=${words.length - 1}; _gopages; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout, status } = spawnSync("bash", ["--norc", "-c", line], { encoding: "utf8", cwd: docs });
    expect(status).toBe(0);
    return stdout.split("\n").filter((text) => text !== "");
  };
  expect(complete(["gopages", "exp"]).sort()).toEqual(["explain", "export"]);
  expect(complete(["gopages", "export", "--ou"])).toEqual(["--output"]);
  expect(complete(["gopages", "export", "--to", "h"])).toEqual(["html"]);
});

test.each(SHELLS)("%s: the script names every command", (shell) => {
  const script = completionScript(shell, COMMANDS, {});
  for (const { name } of COMMANDS) expect(script).toContain(name);
});

/** Command lines in the ```sh blocks of a page. */
function commandsOf(file: string): string[] {
  const blocks = readFileSync(path.join(docs, file), "utf8").matchAll(/^```sh\n([\s\S]*?)^```/gm);
  return [...blocks].flatMap(([, block]) => block!.split("\n")).filter((line) => /(?:^|\| )gopages /.test(line));
}

const PAGES = readdirSync(docs).filter((name) => name.endsWith(".md"));

test.each(PAGES)("docs/%s: every command line is one that gopages takes", async (page) => {
  for (const line of commandsOf(page)) {
    const call = await callOf(argvOf(line));
    expect(() => parseCommandLine(call), line).not.toThrow();
  }
});

/** Names of the pages' recordings, and recordings of real programs in their place. */
const RECORDINGS: Readonly<Record<string, string>> = {
  "trace.out": "bursts-1.25/trace.out.gz",
  "samples.csv": "bursts-1.25/samples.csv.gz",
  "heap.pb.gz": "pprof/go1.27.0/heap.pb.gz",
  "gctrace.log": "gctrace/go1.27.0-frag.log.gz",
  "bundle/": "bursts-1.27",
  "old/": "bursts-1.25",
  "new/": "bursts-1.27",
};
const FIXTURES = path.join(docs, "..", "fixtures");
const EXAMPLES = COMMANDS.flatMap(({ examples }) => examples.map(([line]) => line)).filter((line) =>
  / ?gopages /.test(line),
);

test.each(EXAMPLES)("%s, an example of help, is a line that gopages takes", async (line) => {
  const call = await callOf(argvOf(line));
  expect(() => parseCommandLine(call)).not.toThrow();
});

/** Of these, others have tests: they need a program, a service, a terminal, a browser, or files of more than one run. */
const ELSEWHERE = /gopages (?:record|capture|watch|completion)|--open|--baseline|a\.csv/;
const NEEDS_NO_FILE = /gopages (?:explain|causes|formats|scenario)/;
const runnable = [...PAGES.flatMap(commandsOf), ...EXAMPLES].filter(
  (line) => !ELSEWHERE.test(line) && (NEEDS_NO_FILE.test(line) || argvOf(line).some((word) => word in RECORDINGS)),
);

test.each([...new Set(runnable)])("%s does what the page says", async (line) => {
  const folder = mkdtempSync(path.join(tmpdir(), "gopages-"));
  try {
    const words = argvOf(line);
    const argv = words.map((word, i) =>
      words[i - 1] === "-o"
        ? path.join(folder, word)
        : word in RECORDINGS
          ? path.join(FIXTURES, RECORDINGS[word]!)
          : word,
    );
    const stream = () => new PassThrough().resume() as unknown as NodeJS.WriteStream;
    const [stdout, stderr] = [stream(), stream()];
    const said: string[] = [];
    for (const out of [stdout, stderr]) out.on("data", (chunk: Buffer) => said.push(chunk.toString("utf8")));
    const stdin = new PassThrough() as unknown as NodeJS.ReadStream;
    const code = await main(argv, { stdin, stdout, stderr, env: { LANG: "C.UTF-8" } });
    // Of a budget, that it is broken is an answer, too.
    expect(line.includes("gopages check") ? [0, 1] : [0], said.join("")).toContain(code);
    if (words.includes("-o")) expect(readdirSync(folder)).toEqual([words[words.indexOf("-o") + 1]]);
    else expect(said.join("").length).toBeGreaterThan(10);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

function argvOf(line: string): string[] {
  const own = line.slice(line.search(/gopages /) + 8);
  const words = [...own.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)];
  const end = words.findIndex(([word]) => word === "#" || word === "|" || word === ">");
  return words.slice(0, end < 0 ? undefined : end).map(([, a, b, c]) => a ?? b ?? c!);
}
