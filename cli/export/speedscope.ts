import type { Ledger } from "../../replay/result.ts";
import { runName } from "../run-name.ts";
import { formatMoment } from "../sizes.ts";
import { version } from "../version.ts";
import type { Exporter } from "./exporter.ts";
import { heapProfileOf, rssStacks } from "./stacks.ts";

/** Moments over the run besides the peak and the end, each a profile of its own. */
const MOMENTS = 16;

/** What RSS consists of at its peak, at the end and over time, for www.speedscope.app. */
export const speedscope: Exporter = {
  name: "speedscope",
  title: "what RSS consists of over time, for speedscope",
  extension: "speedscope.json",
  binary: false,
  streams: false,
  async write(job, out) {
    const result = await job.replay();
    const { durationNs } = result.summary;
    const start = result.timeline[0]?.t ?? 0;
    const moments: [name: string, ledger: Ledger][] = [
      [`at the peak (${formatMoment(result.ledgerPeak.t, 1e7)})`, result.ledgerPeak],
      ["at the end", result.ledgerFinal],
    ];
    for (let i = 0; i < MOMENTS; i++) {
      const t = start + ((i + 0.5) * durationNs) / MOMENTS;
      moments.push([`at ${formatMoment(t, durationNs / MOMENTS / 10)}`, result.ledgerAt(t)]);
    }
    const stacks = rssStacks(
      moments.map(([, ledger]) => ledger),
      await heapProfileOf(job.inputs),
    );
    const index = new Map<string, number>();
    const frames: object[] = [];
    const numbered = stacks.map(({ frames: stack }) =>
      stack.map(({ name, file, line }) => {
        const key = `${name}\n${file}\n${line}`;
        let i = index.get(key);
        if (i === undefined) {
          i = frames.push({ name, ...(file === "" ? {} : { file }), ...(line > 0 ? { line } : {}) }) - 1;
          index.set(key, i);
        }
        return i;
      }),
    );
    const head = {
      $schema: "https://www.speedscope.app/file-format-schema.json",
      exporter: `gopages@${version()}`,
      name: `RSS of ${runName(result.inputs.map(({ path }) => path)) ?? "a Go program"}`,
      activeProfileIndex: 0,
      shared: { frames },
    };
    await out.write(`${JSON.stringify(head).slice(0, -1)},"profiles":[\n`);
    for (const [m, [name]] of moments.entries()) {
      const samples: number[][] = [];
      const weights: number[] = [];
      for (const [s, { bytes }] of stacks.entries()) {
        // Speedscope has no negative weights: what reduces RSS elsewhere in the ledger is left out.
        if (bytes[m]! <= 0) continue;
        samples.push(numbered[s]!);
        weights.push(bytes[m]!);
      }
      const endValue = weights.reduce((sum, weight) => sum + weight, 0);
      const profile = { type: "sampled", name, unit: "bytes", startValue: 0, endValue, samples, weights };
      await out.write(`${m > 0 ? ",\n" : ""}${JSON.stringify(profile)}`);
    }
    await out.write("\n]}\n");
    return { partial: result.partial };
  },
};
