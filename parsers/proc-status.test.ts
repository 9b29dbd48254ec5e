import { describe, expect, it } from "vitest";
import { fixture, observe } from "./testing/observed.ts";

const status = fixture("companions/status.txt").toString();
const kB = (key: string) => Number(new RegExp(`^${key}:\\s+(\\d+)`, "m").exec(status)![1]) * 1024;

describe("/proc/PID/status and statm", () => {
  it("status", async () => {
    const { format, rows } = await observe(status);
    expect(format).toBe("proc-status");
    expect(rows).toEqual([
      {
        t: 0,
        rss: kB("VmRSS"),
        rss_anon: kB("RssAnon"),
        rss_file: kB("RssFile") + kB("RssShmem"),
        rss_peak: kB("VmHWM"),
        swap: kB("VmSwap"),
        threads: kB("Threads") / 1024,
      },
    ]);
  });

  it("statm counts pages, of an assumed size", async () => {
    const { format, rows, losses } = await observe(fixture("companions/statm.txt"));
    const [, resident, shared] = fixture("companions/statm.txt").toString().split(" ").map(Number);
    expect(format).toBe("proc-status");
    expect(rows).toEqual([
      { t: 0, rss: resident! * 4096, rss_file: shared! * 4096, rss_anon: (resident! - shared!) * 4096 },
    ]);
    expect(losses).toEqual({ "assumed-page-size": 1, "no-time": 1 });
  });

  it("series, with and without times; a process that has ended is left out", async () => {
    const { rows, losses } = await observe(
      `1795565598\n${status}\n1795565599.5\n${status}\n1795565600\nName:\tzombie\nThreads:\t1\n`,
    );
    expect(rows.map((r) => r.t)).toEqual([0, 1.5e9]);
    expect(losses).toEqual({ "no-memory-lines": 1 });
    expect((await observe(status + status)).rows.map((r) => r.t)).toEqual([0, 1e9]);
    const statm = await observe("765 413 384 5 0 123 0\n770 420 384 5 0 123 0\n");
    expect(statm.rows.map((r) => r.rss)).toEqual([413 * 4096, 420 * 4096]);
  });
});
