import { GenerationScavenger } from "../scavenge-generations.ts";
import { bitmapEra } from "./bitmap-era.ts";

export const go1_18 = bitmapEra(
  {
    name: "go1.18",
    since: "1.18",
    until: "1.18",
    pace: "pi",
    summary: "Background scavenger paced by a PI controller in pieces of 64 KiB; growth scavenges after allocating",
  },
  {
    scavenger: (pages) => new GenerationScavenger(pages),
    mapsWholeArenas: false,
    growthScavenge: "allocated",
    nextGen: "sweep-done",
    forcedNextGen: true,
    force: false,
    initialGoal: 0,
    randomBase: false,
  },
);
