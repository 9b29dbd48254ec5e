import type { ReplayResult, TimelineRow } from "../../replay/result.ts";
import { timeAxis } from "../report/chart.ts";
import { peakSentence } from "../report/figures.ts";
import { Series } from "../series.ts";
import { formatBytes } from "../sizes.ts";
import type { Exporter } from "./exporter.ts";

const WIDTH = 960;
const HEIGHT = 420;
const LEFT = 78;
const RIGHT = 16;
const TOP = 44;
const BOTTOM = 40;
/** A point per two pixels: more can't be told apart. */
const COLUMNS = (WIDTH - LEFT - RIGHT) / 2;

// Okabe and Ito, as in the terminal.
const LINES: readonly { label: string; color: string; get: (row: TimelineRow) => number | null | undefined }[] = [
  { label: "RSS, predicted", color: "#0072b2", get: (row) => row.rss },
  { label: "heap in use", color: "#56b4e9", get: (row) => row.heapInuse },
  { label: "goal", color: "#cc79a7", get: (row) => row.heapGoal },
  { label: "returned", color: "#009e73", get: (row) => row.heapReleased },
];
const MEASURED = "#d55e00";

/** The timeline as a picture: no script, no font, no network. */
export const svg: Exporter = {
  name: "svg",
  title: "timeline as a picture",
  extension: "svg",
  binary: false,
  streams: false,
  async write(job, out) {
    const result = await job.replay();
    await out.write(timelineSvg(result));
    return { partial: result.partial };
  },
};

export function timelineSvg(result: ReplayResult): string {
  const { timeline } = result;
  const from = timeline[0]?.t ?? 0;
  const to = Math.max(timeline.at(-1)?.t ?? 1, from + 1);
  const measured = Series.of(timeline, (row) => row.measuredRss);
  const lines = LINES.map((line) => ({ ...line, series: Series.of(timeline, line.get) }));
  // The goal can be far above all there ever is: it may leave the picture.
  let top = 1;
  for (const row of timeline) top = Math.max(top, row.rss, row.heapInuse, row.measuredRss ?? 0);
  top *= 1.05;
  const x = (t: number): string => (LEFT + ((t - from) / (to - from)) * (WIDTH - LEFT - RIGHT)).toFixed(1);
  const y = (v: number): string => (HEIGHT - BOTTOM - (v / top) * (HEIGHT - TOP - BOTTOM)).toFixed(1);

  const parts: string[] = [];
  const step = tick(top);
  for (let v = 0; v <= top; v += step) {
    parts.push(
      `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(v)}" y2="${y(v)}" class="grid"/>`,
      `<text x="${LEFT - 8}" y="${y(v)}" dy="4" text-anchor="end">${xml(formatBytes(v))}</text>`,
    );
  }
  for (const [i, t] of [from, (from + to) / 2, to].entries()) {
    const label = timeAxis(from, to, 60).split(/ {2,}/)[i] ?? "";
    const anchor = ["start", "middle", "end"][i];
    parts.push(`<text x="${x(t)}" y="${HEIGHT - BOTTOM + 20}" text-anchor="${anchor}">${xml(label)}</text>`);
  }
  for (const { series, color } of lines) {
    const path = outline(series, from, to, x, (v) => y(Math.min(v, top)));
    if (path !== "") parts.push(`<path d="${path}" fill="none" stroke="${color}" stroke-width="1.5"/>`);
  }
  const stride = Math.max(1, Math.ceil(measured.length / 240));
  for (let i = 0; i < measured.length; i += stride) {
    parts.push(`<circle cx="${x(measured.t[i]!)}" cy="${y(measured.v[i]!)}" r="1.8" fill="${MEASURED}"/>`);
  }
  const legend = [
    ...lines.filter(({ series }) => series.length > 0),
    ...(measured.length > 0 ? [{ label: "RSS, measured", color: MEASURED }] : []),
  ];
  for (const [i, { label, color }] of legend.entries()) {
    const at = LEFT + i * 150;
    parts.push(
      `<rect x="${at}" y="18" width="14" height="4" fill="${color}"/>`,
      `<text x="${at + 20}" y="24">${xml(label)}</text>`,
    );
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-labelledby="t d">
<title id="t">Memory over time</title>
<desc id="d">${xml(peakSentence(result))}</desc>
<style>svg{background:#fff}text{font:12px system-ui,sans-serif;fill:#333}.grid{stroke:#ddd}</style>
<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>
${parts.join("\n")}
</svg>
`;
}

/** Through the lowest and the highest value of each column, so that peaks survive. */
function outline(series: Series, from: number, to: number, x: (t: number) => string, y: (v: number) => string): string {
  const { min, max } = series.bins(from, to, COLUMNS);
  let path = "";
  for (let c = 0; c < COLUMNS; c++) {
    if (Number.isNaN(max[c])) continue;
    const at = x(from + ((c + 0.5) / COLUMNS) * (to - from));
    path += `${path === "" ? "M" : "L"}${at} ${y(max[c]!)}`;
    if (min[c] !== max[c]) path += `L${at} ${y(min[c]!)}`;
  }
  return path;
}

/** A round distance between lines of the grid: 4 to 8 of them. */
function tick(top: number): number {
  let step = 1;
  while (top / step > 8) step *= 2;
  return step;
}

export function xml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}
