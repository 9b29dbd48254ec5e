// Puts the program into few files, dist/bundle/: Node takes some 0.7 ms to find and load each of the 200 that a replay needs
// otherwise. What dist/ has beside it stays as it is, for the library, threads and prose.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { rolldown } from "rolldown";

/** Packages that every command needs. */
const BUNDLED = new Set(["yargs", "yargs-parser", "y18n", "escalade", "get-caller-file", "fzstd"]);
/** What yargs needs for its own help only, which nobody sees; setting it up takes longer than the rest of yargs. */
const UNUSED = new Map(
  ["cliui", "string-width"].map((name) => [name, `export default () => { throw new Error("${name} is not there"); };`]),
);

/** What is loaded together is one file; what two of them need is in the first. */
const TOGETHER = [
  { name: "start", from: ["cli/process.js", "cli/parse.js", "cli/commands/load.js"] },
  { name: "record", from: ["cli/commands/record.js", "cli/record/record.js", "cli/record/advice.js"] },
  { name: "replay", from: ["cli/commands/replay.js", "replay/run.js", "parsers/trace/v2.js", "cli/report/plain.js"] },
];

/** Bundles dist/cli/process.js and has dist/cli/main.js run that. */
export async function bundleProgram(dist) {
  const out = path.join(dist, "bundle");
  const imports = new Map();
  /** All that these files import, at once or by way of others, but not later. */
  const reach = (from) => {
    const found = new Set(from);
    for (const id of found) for (const other of imports.get(id) ?? []) found.add(other);
    return found;
  };
  const bundle = await rolldown({
    input: path.join(dist, "cli", "process.js"),
    platform: "node",
    checks: { ineffectiveDynamicImport: false },
    // Other packages are found where they are installed.
    external: (id) => !/^[./\0]/.test(id) && !path.isAbsolute(id) && !BUNDLED.has(packageOf(id)) && !UNUSED.has(id),
    plugins: [
      { name: "own-place", transform: (code, id) => (inside(id) ? null : inPlace(code, path.relative(out, id))) },
      {
        name: "imports",
        moduleParsed: ({ id, importedIds }) => void imports.set(id, importedIds),
      },
      {
        name: "unused",
        resolveId: (id) => (UNUSED.has(id) ? `\0${id}` : null),
        load: (id) => (id.startsWith("\0") && UNUSED.has(id.slice(1)) ? UNUSED.get(id.slice(1)) : null),
      },
    ],
  });
  const { output } = await bundle.write({
    dir: out,
    format: "esm",
    // Names stay, for what a bug report shows; what goes is what only the compiler would have to read.
    minify: { compress: false, mangle: false, codegen: { removeWhitespace: true } },
    codeSplitting: {
      groups: TOGETHER.map(({ name, from }, i) => ({
        name,
        priority: TOGETHER.length - i,
        test: (id) => reach(from.map((file) => path.join(dist, file))).has(id),
      })),
    },
  });
  await bundle.close();
  writeFileSync(path.join(out, "LICENSES"), licences(output).join("\n---\n\n"));
  const main = path.join(dist, "cli", "main.js");
  const code = readFileSync(main, "utf8");
  const bundled = code.replace('import("./process.js")', 'import("../bundle/process.js")');
  if (bundled === code) throw new Error("dist/cli/main.js does not import ./process.js any more");
  writeFileSync(main, bundled);
}

function inside(id) {
  return id.includes(`${path.sep}node_modules${path.sep}`);
}

function packageOf(id) {
  return id
    .split("/")
    .slice(0, id.startsWith("@") ? 2 : 1)
    .join("/");
}

/** The licences of the packages that are in the bundle, as these ask for. */
function licences(output) {
  const folders = new Set();
  for (const { moduleIds = [] } of output) {
    for (const id of moduleIds.filter(inside)) {
      const at = id.lastIndexOf(`node_modules${path.sep}`) + "node_modules/".length;
      folders.add(id.slice(0, at) + packageOf(id.slice(at).split(path.sep).join("/")));
    }
  }
  return [...folders].sort().map((folder) => {
    const file = readdirSync(folder).find((name) => /^licen[cs]e/i.test(name));
    if (file === undefined) throw new Error(`${folder} has no licence to copy`);
    return `${path.basename(folder)}\n\n${readFileSync(path.join(folder, file), "utf8").trim()}\n`;
  });
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
