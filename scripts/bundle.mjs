// Puts the program into few files, dist/bundle/: Node takes some 0.7 ms to find and load each of the 180 that a replay needs
// otherwise. What dist/ has beside it stays as it is, for the library, threads and prose.
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { rolldown } from "rolldown";

/** Bundles dist/cli/process.js and has dist/cli/main.js run that. */
export async function bundleProgram(dist) {
  const out = path.join(dist, "bundle");
  const bundle = await rolldown({
    input: path.join(dist, "cli", "process.js"),
    platform: "node",
    // Packages are found where they are installed.
    external: (id) => !id.startsWith(".") && !path.isAbsolute(id),
    plugins: [{ name: "own-place", transform: (code, id) => inPlace(code, path.relative(out, id)) }],
  });
  await bundle.write({ dir: out, format: "esm" });
  await bundle.close();
  const main = path.join(dist, "cli", "main.js");
  const code = readFileSync(main, "utf8");
  const bundled = code.replace('import("./process.js")', 'import("../bundle/process.js")');
  if (bundled === code) throw new Error("dist/cli/main.js does not import ./process.js any more");
  writeFileSync(main, bundled);
}

/** A module's own place stays that of its file: threads, prose and the version are looked for beside it. */
function inPlace(code, relative) {
  if (!code.includes("import.meta")) return null;
  const place = relative.split(path.sep).join("/");
  return code.replaceAll(/import\.meta\.(url|dirname)\b/g, (_, what) =>
    what === "url"
      ? `new URL(${JSON.stringify(place)}, import.meta.url).href`
      : `(import.meta.dirname + ${JSON.stringify(`/${path.posix.dirname(place)}`)})`,
  );
}
