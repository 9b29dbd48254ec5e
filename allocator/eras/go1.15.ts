import { GenerationScavenger } from "../scavenge-generations.ts";
import { bitmapEra } from "./bitmap-era.ts";

export const go1_15 = bitmapEra(
  {
    name: "go1.15",
    since: "1.15",
    until: "1.15",
    pace: "ewma",
    summary: "Scavenger in generations that begin when a sweep ends, with reservations from the top of the heap",
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
