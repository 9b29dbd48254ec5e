import type { Exporter } from "./exporter.ts";

/** One file that any browser opens, offline. */
export const html: Exporter = {
  name: "html",
  title: "report for the browser, one self-contained file",
  extension: "html",
  binary: false,
  streams: true,
  async write(job, out) {
    const { writeReport } = await import("../html/report.ts");
    const result = await job.replay({ heapMaps: true });
    await writeReport(result, out);
    return { partial: result.partial };
  },
};
