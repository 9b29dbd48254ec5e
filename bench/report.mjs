// The HTML report in a real Chromium: time to the first paint and to the charts, frames a second while zooming.
// Writes screenshots beside it when a folder is given.
//
//	node bench/report.mjs report.html [FOLDER]         CHROMIUM=/path/to/chromium names the browser
import { statSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const [file, folder] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox"],
});
const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
const complaints = [];
page.on("console", (message) => complaints.push(message.text()));
page.on("pageerror", (error) => complaints.push(String(error)));
const requests = [];
page.on("request", (request) => requests.push(request.url()));
await page.goto(pathToFileURL(path.resolve(file)).href);
await page.waitForFunction(() => document.documentElement.dataset.ready === "1");
const times = await page.evaluate(() => ({
  firstPaint: performance.getEntriesByName("first-contentful-paint")[0]?.startTime,
  ready: performance.now(),
}));
const shot = async (name, options = {}) =>
  folder && page.screenshot({ path: path.join(folder, `${name}.png`), ...options });
await shot("light", { fullPage: true });

const zoom = await page.evaluate(async () => {
  const { setRange, range } = window.gopages;
  const [from, to] = range();
  const frames = [];
  let last = performance.now();
  for (let i = 0; i < 120; i++) {
    const k = 0.5 + 0.49 * Math.cos((i / 120) * 2 * Math.PI);
    setRange(from + ((to - from) * (1 - k)) / 2, to - ((to - from) * (1 - k)) / 2);
    await new Promise((resolve) => requestAnimationFrame(resolve));
    const now = performance.now();
    frames.push(now - last);
    last = now;
  }
  frames.sort((a, b) => a - b);
  return { median: frames[60], p95: frames[114], fps: 1000 / (frames.reduce((a, b) => a + b) / frames.length) };
});
await browser.close();
console.log(
  `${(statSync(file).size / 1e6).toFixed(2)} MB, first paint ${times.firstPaint?.toFixed(0)} ms, charts there after ${times.ready.toFixed(0)} ms, ` +
    `zoom ${zoom.fps.toFixed(0)} frames/s (median ${zoom.median.toFixed(1)} ms, 95th of 100 ${zoom.p95.toFixed(1)} ms), ` +
    `${requests.length} request, ${complaints.length} complaints`,
);
for (const text of complaints) console.log(text);
