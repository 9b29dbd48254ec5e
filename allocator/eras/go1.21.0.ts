import { IndexScavenger } from "../scavenge-index.ts";
import { bitmapEra } from "./bitmap-era.ts";

export const go1_21_0 = bitmapEra(
  {
    name: "go1.21.0",
    since: "1.21.0",
    until: "1.21.3",
    pace: "pi",
    summary:
      "Dense chunks are held back from the scavenger; huge pages asked for (.0) and collapsed (.1 to .3) explicitly",
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
