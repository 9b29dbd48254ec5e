import { describe, expect, it } from "vitest";
import { AccuracyCheck } from "./accuracy.ts";

describe("AccuracyCheck", () => {
  it("is the mean absolute difference over the measured peak of RSS", () => {
    const check = new AccuracyCheck();
    check.add({ rss: 90, released: 10, inuse: 50 }, { rss: 100, released: 0, inuse: 50 });
    check.add({ rss: 60, released: 10, inuse: 40 }, { rss: 50, released: Number.NaN, inuse: 50 });
    expect(check.result()).toEqual({ rssMape: 0.1, releasedMape: 0.1, inuseMape: 0.05, samples: 2 });
  });

  it("is null without samples, and null for what was never measured", () => {
    expect(new AccuracyCheck().result()).toBeNull();
    const check = new AccuracyCheck();
    check.add({ rss: 1, released: 1, inuse: 1 }, { rss: 2, released: Number.NaN, inuse: Number.NaN });
    expect(check.result()).toMatchObject({ rssMape: 0.5, releasedMape: null, inuseMape: null });
  });
});
