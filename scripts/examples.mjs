// Fills the examples of README.md with what the commands really print. An example is
//
//     <!-- example: gopages ARGS [| lines N] -->  ...  <!-- /example -->
//
// and stands for the first N lines of the command's output (all by default), with "..." where it was cut.
//
//	node scripts/examples.mjs [--check]     --check: changes nothing, exit code 1 if an example is stale
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";

const root = path.dirname(import.meta.dirname);
const cli = path.join(root, process.env.GOPAGES_DIST ?? "dist", "cli/main.js");
const check = process.argv.includes("--check");
const file = path.join(root, "README.md");
const before = readFileSync(file, "utf8");
const after = before.replace(
  /<!-- example: gopages ([^|>]*?)(?: \| lines (\d+))? -->[\s\S]*?<!-- \/example -->/g,
  (_, args, lines) => {
    const env = { ...process.env, LANG: "C.UTF-8", LC_ALL: "C.UTF-8", NO_COLOR: "1", COLUMNS: "80" };
    const run = spawnSync(process.execPath, [cli, ...args.split(" ")], { cwd: root, encoding: "utf8", env });
    if (run.status !== 0) throw new Error(`gopages ${args}: exit code ${run.status}: ${run.stderr}`);
    let output = run.stdout.trimEnd().split("\n");
    if (lines && output.length > Number(lines)) output = [...output.slice(0, Number(lines)), "..."];
    return `<!-- example: gopages ${args}${lines ? ` | lines ${lines}` : ""} -->\n\`\`\`\n${output.join("\n")}\n\`\`\`\n<!-- /example -->`;
  },
);
if (after === before) process.exit(0);
if (check) {
  console.error("README.md: an example is not what the command prints; run: npm run examples");
  process.exit(1);
}
writeFileSync(file, after);
