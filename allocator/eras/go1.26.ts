import { IndexScavenger } from "../scavenge-index.ts";
import { bitmapEra } from "./bitmap-era.ts";

export const go1_26 = bitmapEra(
  {
    name: "go1.26",
    since: "1.26",
    until: "1.27",
    pace: "pi",
    summary: "The heap begins at a random address",
  },
  {
    scavenger: (pages) => new IndexScavenger(pages, false),
    mapsWholeArenas: false,
    growthScavenge: "limit",
    nextGen: "mark-termination",
    forcedNextGen: false,
    force: true,
    initialGoal: 0,
    randomBase: true,
  },
);
