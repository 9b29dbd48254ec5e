// Compiles the sources to dist/ and makes the command runnable.
// dist/ is removed first, so that a deleted source leaves nothing behind.
import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import process from "node:process";

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
// In a checkout `npx gopages` runs this build: npm links the bins of dependencies, not those of the package itself.
const bin = path.join(root, "node_modules", ".bin");
if (process.platform !== "win32" && existsSync(path.join(root, "node_modules"))) {
  mkdirSync(bin, { recursive: true });
  rmSync(path.join(bin, "gopages"), { force: true });
  symlinkSync(path.join("..", "..", "dist", "cli", "main.js"), path.join(bin, "gopages"));
}
