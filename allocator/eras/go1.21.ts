import { IndexScavenger } from "../scavenge-index.ts";
import { bitmapEra } from "./bitmap-era.ts";

export const go1_21 = bitmapEra(
  {
    name: "go1.21",
    since: "1.21.4",
    until: "1.21",
    pace: "pi",
    summary: "Huge pages are left to the kernel again",
  },
  {
    scavenger: (pages) => new IndexScavenger(pages, true),
    mapsWholeArenas: false,
    growthScavenge: "limit",
    nextGen: "mark-termination",
    forcedNextGen: false,
    force: true,
    initialGoal: 0,
    randomBase: false,
  },
);
