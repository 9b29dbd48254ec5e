// Takes docs/report.png: the HTML report of a recording of the fixtures, as Chromium shows it.
//
//	npm run build && node scripts/report.mjs         CHROMIUM=/path/to/chromium names the browser
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const root = path.dirname(import.meta.dirname);
const cli = path.join(root, process.env.GOPAGES_DIST ?? "dist", "cli/main.js");
const folder = mkdtempSync(path.join(tmpdir(), "gopages-"));
const report = path.join(folder, "report.html");
const inputs = ["trace.out", "samples.csv"].map((name) => path.join("fixtures/bursts-1.27", name));
const { status } = spawnSync(process.execPath, [cli, "export", "--to", "html", "-o", report, ...inputs], {
  cwd: root,
  stdio: "inherit",
});
if (status !== 0) process.exit(1);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox"],
});
const page = await browser.newPage({ viewport: { width: 1100, height: 900 }, colorScheme: "light" });
await page.goto(pathToFileURL(report).href);
await page.waitForSelector("html[data-ready]", { state: "attached" });
// The moment of the peak, under the cursor.
const over = page.locator("#timeline .u-over");
const box = await over.boundingBox();
await page.mouse.move(box.x + box.width * 0.8, box.y + box.height / 3);
await page.screenshot({ path: path.join(root, "docs/report.png") });
await browser.close();
rmSync(folder, { recursive: true, force: true });
