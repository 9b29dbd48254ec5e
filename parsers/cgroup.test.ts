import { describe, expect, it } from "vitest";
import { fixture, observe } from "./testing/observed.ts";

describe("cgroup memory files", () => {
  it("v2, as tail prints several", async () => {
    const { format, rows } = await observe(fixture("companions/cgroup.v2.txt"));
    expect(format).toBe("cgroup");
    expect(rows).toEqual([
      {
        t: 0,
        cgroup_usage: 734003200,
        cgroup_oom_kills: 1,
        cgroup_high: Number.POSITIVE_INFINITY,
        cgroup_limit: 2 ** 30,
        cgroup_peak: 1000341504,
        cgroup_anon: 629145600,
        cgroup_file: 83886080,
        anon_huge: 44040192,
      },
    ]);
  });

  it("v1, as grep prints several: sums with child groups, no limit", async () => {
    const text = fixture("companions/cgroup.v1.txt").toString();
    const stat = (key: string) => Number(new RegExp(`memory.stat:${key} (\\d+)`).exec(text)![1]);
    const { rows } = await observe(text);
    expect(rows[0]).toMatchObject({
      cgroup_usage: Number(/usage_in_bytes:(\d+)/.exec(text)![1]),
      cgroup_limit: Number.POSITIVE_INFINITY,
      cgroup_anon: stat("total_rss"),
      cgroup_file: stat("total_cache"),
    });
    expect(stat("total_rss")).not.toBe(stat("rss"));
  });

  it("a file of one number is told by its name alone", async () => {
    expect((await observe("1234567890\n", "bundle/memory.current")).rows).toEqual([{ t: 0, cgroup_usage: 1234567890 }]);
    expect((await observe("max\n", "memory.max")).rows).toEqual([{ t: 0, cgroup_limit: Number.POSITIVE_INFINITY }]);
    await expect(observe("5\n", "x.txt")).rejects.toThrow(/a number alone does not say what it is/);
  });

  it("the lower one of a group's and its parents' limits", async () => {
    const { rows } = await observe(
      "memory.stat:hierarchical_memory_limit 100\nmemory.limit_in_bytes:9223372036854771712\n",
    );
    expect(rows).toEqual([{ t: 0, cgroup_limit: 100 }]);
  });

  it("a series with times", async () => {
    const { rows } = await observe(
      "2026-11-25T00:00:00Z\nanon 5\nfile 6\n2026-11-25T00:00:01Z\nanon 7\nfile 8\nanon 9\nfile 1\n",
    );
    expect(rows.map((r) => [r.t, r.cgroup_anon, r.cgroup_file])).toEqual([
      [0, 5, 6],
      [1e9, 9, 1],
    ]);
  });
});
