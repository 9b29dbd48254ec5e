// Draws docs/screen.svg: the terminal UI on a recording of the fixtures, as a real terminal shows it.
//
//	node scripts/screen.mjs [COLUMNSxROWS]
import { writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import pty from "@lydell/node-pty";
import xterm from "@xterm/headless";

const root = path.dirname(import.meta.dirname);
const [cols, rows] = (process.argv[2] ?? "120x36").split("x").map(Number);
const cli = path.join(root, process.env.GOPAGES_DIST ?? "dist", "cli/main.js");
const inputs = ["trace.out", "samples.csv"].map((name) => path.join("fixtures/bursts-1.27", name));
const env = { ...process.env, TERM: "xterm-256color", COLORTERM: "truecolor", LANG: "C.UTF-8", LC_ALL: "C.UTF-8" };
delete env.NO_COLOR;
delete env.CI;
const terminal = new xterm.Terminal({ cols, rows, allowProposedApi: true });
const child = pty.spawn(process.execPath, [cli, "replay", ...inputs], { cwd: root, cols, rows, env });
child.onData((data) => terminal.write(data));
const text = () =>
  Array.from({ length: rows }, (_, y) => terminal.buffer.active.getLine(y)?.translateToString() ?? "").join("\n");
const deadline = Date.now() + 60_000;
// All is read when the answer says how far it is off.
while (!/off measured/.test(text())) {
  if (Date.now() > deadline) throw new Error(`nothing to be seen:\n${text()}`);
  await new Promise((resolve) => setTimeout(resolve, 100));
}
await new Promise((resolve) => setTimeout(resolve, 500));

const PALETTE = ["#1c1c1c", "#d75f5f", "#87af5f", "#d7af5f", "#5f87d7", "#af87d7", "#5fafaf", "#d0d0d0"];
function color(mode, value) {
  if (mode === "rgb") return `#${value.toString(16).padStart(6, "0")}`;
  if (value < 16) return PALETTE[value % 8];
  if (value >= 232) {
    const level = (8 + (value - 232) * 10).toString(16).padStart(2, "0");
    return `#${level}${level}${level}`;
  }
  const channel = (n) => (n === 0 ? 0 : 55 + 40 * n).toString(16).padStart(2, "0");
  const index = value - 16;
  return `#${channel(Math.floor(index / 36))}${channel(Math.floor(index / 6) % 6)}${channel(index % 6)}`;
}
const escapeXml = (text) => text.replace(/[&<>]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[c]);

const W = 8.4;
const H = 18;
const out = [];
const buffer = terminal.buffer.active;
for (let y = 0; y < rows; y++) {
  const line = buffer.getLine(buffer.viewportY + y);
  for (let x = 0; x < cols; x++) {
    const cell = line?.getCell(x);
    const text = cell?.getChars() ?? "";
    let fg = cell?.isFgRGB()
      ? color("rgb", cell.getFgColor())
      : cell?.isFgPalette()
        ? color("index", cell.getFgColor())
        : "#d0d0d0";
    let bg = cell?.isBgRGB()
      ? color("rgb", cell.getBgColor())
      : cell?.isBgPalette()
        ? color("index", cell.getBgColor())
        : null;
    if (cell?.isInverse()) [fg, bg] = [bg ?? "#1c1c1c", fg];
    if (bg) out.push(`<rect x="${(x * W).toFixed(1)}" y="${y * H}" width="${W}" height="${H}" fill="${bg}"/>`);
    if (text.trim() === "") continue;
    const weight = cell.isBold() ? ' font-weight="bold"' : "";
    out.push(`<text x="${(x * W).toFixed(1)}" y="${y * H + 13}" fill="${fg}"${weight}>${escapeXml(text)}</text>`);
  }
}
child.kill();
writeFileSync(
  path.join(root, "docs/screen.svg"),
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="-10 -10 ${(cols * W + 20).toFixed(0)} ${rows * H + 20}" font-family="ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="14">
<title>gopages on a terminal</title>
<rect x="-10" y="-10" width="100%" height="100%" rx="6" fill="#1c1c1c"/>
${out.join("\n")}
</svg>
`,
);
process.exit(0);
