import { BitScavenger } from "../scavenge-bits.ts";
import { bitmapEra } from "./bitmap-era.ts";

export const go1_19 = bitmapEra(
  {
    name: "go1.19",
    since: "1.19",
    until: "1.19",
    pace: "pi",
    summary: "Memory limit; an index of one bit per chunk instead of generations",
  },
  {
    scavenger: (pages) => new BitScavenger(pages, false),
    mapsWholeArenas: false,
    growthScavenge: "limit",
    nextGen: "never",
    forcedNextGen: false,
    force: false,
    initialGoal: 0,
    randomBase: false,
  },
);
