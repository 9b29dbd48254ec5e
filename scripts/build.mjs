// Compiles the sources to dist/ and makes the command runnable.
// dist/ is removed first, so that a deleted source leaves nothing behind.
import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, readdirSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import process from "node:process";
import { bundleProgram } from "./bundle.mjs";

const root = path.dirname(import.meta.dirname);
const require = createRequire(import.meta.url);
const tsc = path.join(path.dirname(require.resolve("typescript/package.json")), "bin", "tsc");
rmSync(path.join(root, "dist"), { recursive: true, force: true });
const { status } = spawnSync(process.execPath, [tsc, "-p", "tsconfig.build.json"], { cwd: root, stdio: "inherit" });
if (status !== 0) process.exit(status ?? 1);
chmodSync(path.join(root, "dist", "cli", "main.js"), 0o755);
// Prose for users lies beside the code that it is about.
for (const folder of ["replay/scenarios", "replay/diagnose"]) {
  for (const file of readdirSync(path.join(root, folder))) {
    if (file.endsWith(".md")) copyFileSync(path.join(root, folder, file), path.join(root, "dist", folder, file));
  }
}
await bundleProgram(path.join(root, "dist"));
