import { ResetScavenger } from "../scavenge-reset.ts";
import { bitmapEra } from "./bitmap-era.ts";

export const go1_14 = bitmapEra(
  {
    name: "go1.14",
    since: "1.14",
    until: "1.14",
    pace: "ewma",
    summary: "Page bitmap, radix tree and per-P page caches; one scavenge address that only goes down in a GC cycle",
  },
  {
    scavenger: (pages) => new ResetScavenger(pages),
    mapsWholeArenas: true,
    growthScavenge: "grow",
    nextGen: "pacing",
    forcedNextGen: true,
    force: false,
    initialGoal: Number.POSITIVE_INFINITY,
    randomBase: false,
  },
);
