import { GenerationScavenger } from "../scavenge-generations.ts";
import { bitmapEra } from "./bitmap-era.ts";

export const go1_17 = bitmapEra(
  {
    name: "go1.17",
    since: "1.17",
    until: "1.17",
    pace: "ewma",
    summary: "Only the chunks that the heap grows into are mapped and counted, no longer whole arenas",
  },
  {
    scavenger: (pages) => new GenerationScavenger(pages),
    mapsWholeArenas: false,
    growthScavenge: "grow",
    nextGen: "sweep-done",
    forcedNextGen: true,
    force: false,
    initialGoal: Number.POSITIVE_INFINITY,
    randomBase: false,
  },
);
