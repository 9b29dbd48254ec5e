import { BitScavenger } from "../scavenge-bits.ts";
import { bitmapEra } from "./bitmap-era.ts";

export const go1_20 = bitmapEra(
  {
    name: "go1.20",
    since: "1.20",
    until: "1.20",
    pace: "pi",
    summary: "Scavenging goes on from the search address inside a chunk",
  },
  {
    scavenger: (pages) => new BitScavenger(pages, true),
    mapsWholeArenas: false,
    growthScavenge: "limit",
    nextGen: "never",
    forcedNextGen: false,
    force: false,
    initialGoal: 0,
    randomBase: false,
  },
);
