import { GenerationScavenger } from "../scavenge-generations.ts";
import { bitmapEra } from "./bitmap-era.ts";

export const go1_16 = bitmapEra(
  {
    name: "go1.16",
    since: "1.16",
    until: "1.16",
    pace: "ewma",
    summary: "Returned with MADV_DONTNEED, so it leaves RSS at once",
  },
  {
    scavenger: (pages) => new GenerationScavenger(pages),
    mapsWholeArenas: true,
    growthScavenge: "grow",
    nextGen: "sweep-done",
    forcedNextGen: true,
    force: false,
    initialGoal: Number.POSITIVE_INFINITY,
    randomBase: false,
  },
);
