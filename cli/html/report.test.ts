import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ReplayResult } from "../../replay/result.ts";
import { findChromium } from "../testing/chromium.ts";
import { fakeResult } from "../testing/fake-result.ts";
import { reportData } from "./data.ts";
import { type ReportExtras, writeReport } from "./report.ts";

async function html(result: ReplayResult, extras?: ReportExtras): Promise<string> {
  let text = "";
  const sink = {
    async write(chunk: string | Uint8Array) {
      text += String(chunk);
    },
  };
  await writeReport(result, sink, extras);
  return text;
}

test("the answer stands in the file as text, before any script", async () => {
  const text = await html(fakeResult());
  const answer = text.indexOf("Peak RSS is predicted at 162 MiB");
  expect(answer).toBeGreaterThan(0);
  expect(answer).toBeLessThan(text.indexOf("<script"));
  expect(text).toContain("default-src &#39;none&#39;".replaceAll("&#39;", "'"));
});

test("thinned data keeps the peak, and every figure is bounded", () => {
  const result = fakeResult({ rows: 60_000, gcs: 30_000, chunks: 3000 });
  const data = reportData(result);
  expect(Math.max(...data.timeline.rss)).toBe(result.summary.peakRss);
  expect(data.timeline.t.length).toBeLessThanOrEqual(8000);
  expect(data.maps.cells.length).toBeLessThanOrEqual(1024);
  expect(data.gcs.length + data.gcsLeftOut).toBe(30_000);
  const last = data.maps.states.at(-1)!;
  const final = result.heapMapAt(data.maps.t.at(-1)!)!;
  const sum = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0);
  expect(sum(last.filter((_, i) => i % 4 === 3))).toBe(sum(final.released));
});

test("a report of a very long run stays below 5 MB", async () => {
  const text = await html(fakeResult({ rows: 200_000, gcs: 50_000, chunks: 5000 }));
  expect(text.length).toBeLessThan(5e6);
});

test("causes and other settings are shown when there are any", async () => {
  const text = await html(fakeResult(), {
    causes: [{ title: "goal<", verdict: "present", word: "present", bytes: 2 ** 20, evidence: ["e"], advice: "a" }],
    whatIf: {
      columns: ["GOGC"],
      rows: [["50"]],
      curve: [
        { label: "50", x: 0.1, y: 1 },
        { label: "100", x: 0.05, y: 2 },
      ],
    },
  });
  expect(text).toContain("goal&lt;");
  expect(text).toContain("Under other settings");
});

const executablePath = findChromium();
const HOSTILE = `</script><script>window.hacked=1</script><img src=x onerror="window.hacked=1">'"&`;

describe.skipIf(executablePath === null)("in Chromium (skipped where none is installed)", () => {
  let browser: Browser;
  let folder = "";
  const errors: string[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), "gopages-"));
    browser = await chromium.launch({ executablePath: executablePath!, args: ["--no-sandbox"] });
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function open(result: ReplayResult, extras?: ReportExtras, width = 1200): Promise<Page> {
    const file = path.join(folder, "report.html");
    writeFileSync(file, await html(result, extras));
    errors.length = 0;
    const page = await browser.newPage({ viewport: { width, height: 900 } });
    page.on("pageerror", (error) => errors.push(String(error)));
    page.on("console", (message) => {
      if (message.type() === "error") errors.push(message.text());
    });
    page.on("request", (request) => {
      if (!request.url().startsWith("file:")) errors.push(`request: ${request.url()}`);
    });
    await page.goto(pathToFileURL(file).href);
    await page.waitForSelector("html[data-ready]", { state: "attached" });
    return page;
  }
  const range = (page: Page) => page.evaluate("window.gopages.range()") as Promise<[number, number]>;

  test("draws without a request and without an error; drag zooms, keys move, double click shows all", async () => {
    const page = await open(fakeResult());
    expect(await page.locator("#timeline canvas").count()).toBe(1);
    expect(await range(page)).toEqual([0, 10]);
    const over = page.locator("#timeline .u-over");
    const box = (await over.boundingBox())!;
    await page.mouse.move(box.x + box.width * 0.25, box.y + 50);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.75, box.y + 60, { steps: 5 });
    await page.mouse.up();
    const [from, to] = await range(page);
    expect(from).toBeCloseTo(2.5, 0);
    expect(to).toBeCloseTo(7.5, 0);
    // Both charts show the same stretch.
    expect(await page.evaluate("window.gopages.plots.map((p) => p.scales.x.min)")).toEqual([from, from]);
    await page.locator("#timeline").focus();
    await page.keyboard.press("+");
    const [from2, to2] = await range(page);
    expect(to2 - from2).toBeCloseTo((to - from) / 2, 5);
    await over.dblclick();
    expect(await range(page)).toEqual([0, 10]);
    expect(errors).toEqual([]);
    await page.close();
  });

  test("the cursor moves the readout and the heap map with it", async () => {
    const page = await open(fakeResult());
    const before = await page.locator("#map-text").textContent();
    const box = (await page.locator("#timeline .u-over").boundingBox())!;
    await page.mouse.move(box.x + box.width * 0.9, box.y + 50);
    await expect.poll(() => page.locator("#readout").textContent()).toMatch(/^at (8\.9|9\.0)/);
    await expect.poll(() => page.locator("#map-text").textContent()).not.toBe(before);
    expect(errors).toEqual([]);
    await page.close();
  });

  test("the GC table is searched", async () => {
    const page = await open(fakeResult({ gcs: 40 }));
    expect(await page.locator("#gc-rows tr").count()).toBe(40);
    await page.locator("#gc-search").fill("> 60 MiB");
    const hits = await page.locator("#gc-rows tr").count();
    expect(hits).toBeGreaterThan(0);
    expect(hits).toBeLessThan(40);
    await page.locator("#gc-rows tr").first().click();
    const [from, to] = await range(page);
    expect(to - from).toBeCloseTo(1, 5);
    await page.close();
  });

  test("strings of a trace don't run", async () => {
    const result = fakeResult({ path: HOSTILE, partial: true });
    result.notes.push({ level: "warning", text: HOSTILE });
    (result.ledgerPeak.parts[0] as { label: string }).label = HOSTILE;
    const page = await open(result, {
      causes: [
        { title: HOSTILE, verdict: "present", word: HOSTILE, bytes: 1, evidence: [HOSTILE], advice: HOSTILE },
        { title: HOSTILE, verdict: "ruled-out", word: HOSTILE, bytes: 1, evidence: [HOSTILE], advice: HOSTILE },
      ],
    });
    expect(await page.evaluate("window.hacked")).toBeUndefined();
    expect(await page.locator("img").count()).toBe(0);
    // And if one came through as markup, the policy would stop it.
    await page.evaluate(
      `{ const s = document.createElement("script"); s.textContent = "window.hacked = 1"; document.body.append(s); }`,
    );
    expect(await page.evaluate("window.hacked")).toBeUndefined();
    await page.close();
  });

  test("fits a phone, and follows dark and light", async () => {
    const page = await open(fakeResult(), undefined, 390);
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(390);
    const background = () => page.evaluate("getComputedStyle(document.body).backgroundColor");
    await page.emulateMedia({ colorScheme: "dark" });
    expect(await background()).toBe("rgb(13, 17, 23)");
    await page.locator("#theme").click();
    expect(await background()).toBe("rgb(255, 255, 255)");
    expect(errors).toEqual([]);
    await page.close();
  });

  test.each([
    { rows: 1, gcs: 0, measured: false, chunks: 0 },
    { rows: 2, durationNs: 1, gcs: 1 },
  ])("degenerate runs are shown: %j", async (options) => {
    const page = await open(fakeResult(options));
    expect(
      await page
        .locator("body :not(script):not(style)")
        .allTextContents()
        .then((texts) => texts.join(" ")),
    ).not.toMatch(/NaN|undefined/);
    expect(errors).toEqual([]);
    await page.close();
  });
});
