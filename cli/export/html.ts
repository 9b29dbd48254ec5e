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
    const { reportExtras } = await import("../html/extras.ts");
    await writeReport(result, out, await reportExtras(job.inputs));
    return { partial: result.partial };
  },
};
