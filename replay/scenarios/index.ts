import { brokenFind } from "./broken-find.ts";
import { bursts, trickle } from "./bursts.ts";
import { denseChunks } from "./dense-chunks.ts";
import { feedback } from "./feedback-scenario.ts";
import { fixedPages } from "./fixed-pages.ts";
import { fragmentation } from "./fragmentation.ts";
import { hugePages } from "./huge-pages.ts";
import { largeRequest } from "./large-request.ts";
import { lazyFree } from "./lazy-free.ts";
import { memoryLimit } from "./memory-limit.ts";
import { oneKib } from "./one-kib.ts";
import { operatingSystems } from "./operating-systems.ts";
import type { Scenario } from "./scenario.ts";
import { spikesOfLoad } from "./spikes-of-load.ts";
import { virtualLeak } from "./virtual-leak.ts";

/** Every scenario, in the order of the story that docs/history.md tells. A new one is a file, its .md and a line here. */
export const SCENARIOS: readonly Scenario[] = [
  operatingSystems,
  fixedPages,
  bursts,
  trickle,
  largeRequest,
  brokenFind,
  virtualLeak,
  fragmentation,
  spikesOfLoad,
  oneKib,
  feedback,
  lazyFree,
  memoryLimit,
  hugePages,
  denseChunks,
];
