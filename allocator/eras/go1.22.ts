import { IndexScavenger } from "../scavenge-index.ts";
import { bitmapEra } from "./bitmap-era.ts";

export const go1_22 = bitmapEra(
  {
    name: "go1.22",
    since: "1.22",
    until: "1.25",
    pace: "pi",
    summary: "The scavenger's goal under a memory limit is right: 95% of it",
  },
  {
    scavenger: (pages) => new IndexScavenger(pages, false),
    mapsWholeArenas: false,
    growthScavenge: "limit",
    nextGen: "mark-termination",
    forcedNextGen: false,
    force: true,
    initialGoal: 0,
    randomBase: false,
  },
);
