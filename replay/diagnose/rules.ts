/** Every cause, in the order of its number. A new one is a file, its Markdown, and a line here. */
import { addressSpace } from "./address-space.ts";
import { ageBasedScavenger } from "./age-based-scavenger.ts";
import { backgroundReturn } from "./background-return.ts";
import { cgoMemory } from "./cgo-memory.ts";
import { deadGoroutines } from "./dead-goroutines.ts";
import { denseChunks } from "./dense-chunks.ts";
import { fileMappings } from "./file-mappings.ts";
import { finalizers } from "./finalizers.ts";
import { forcedHugePages } from "./forced-huge-pages.ts";
import { forcedRegrowth } from "./forced-regrowth.ts";
import { gcCaughtBurst } from "./gc-caught-burst.ts";
import { gogcHeadroom } from "./gogc-headroom.ts";
import { goroutineLeak } from "./goroutine-leak.ts";
import { heapMinimum } from "./heap-minimum.ts";
import { hugePagesSurvive } from "./huge-pages-survive.ts";
import { idleNoGc } from "./idle-no-gc.ts";
import { khugepagedRefill } from "./khugepaged-refill.ts";
import { largePhysPages } from "./large-phys-pages.ts";
import { lazyFree } from "./lazy-free.ts";
import { limitDeathSpiral } from "./limit-death-spiral.ts";
import { mapNeverShrinks } from "./map-never-shrinks.ts";
import { markOvershoot } from "./mark-overshoot.ts";
import { metadataStays } from "./metadata-stays.ts";
import { needlessZeroing } from "./needless-zeroing.ts";
import { noMemoryLimit } from "./no-memory-limit.ts";
import { nonHeapEatsLimit } from "./non-heap-eats-limit.ts";
import { otherOs } from "./other-os.ts";
import { overScavenging } from "./over-scavenging.ts";
import { pageCache } from "./page-cache.ts";
import { pageFragmentation } from "./page-fragmentation.ts";
import { poolGiants } from "./pool-giants.ts";
import { profileBuckets } from "./profile-buckets.ts";
import { releasedGauge } from "./released-gauge.ts";
import { retainedByDesign } from "./retained-by-design.ts";
import { retainedSubstring } from "./retained-substring.ts";
import type { Rule } from "./rule.ts";
import { sizeClassFragmentation } from "./size-class-fragmentation.ts";
import { stacks } from "./stacks.ts";
import { staleProfile } from "./stale-profile.ts";
import { versionChange } from "./version-change.ts";

export const RULES: readonly Rule[] = [
  gogcHeadroom,
  staleProfile,
  lazyFree,
  ageBasedScavenger,
  backgroundReturn,
  retainedByDesign,
  denseChunks,
  idleNoGc,
  gcCaughtBurst,
  limitDeathSpiral,
  nonHeapEatsLimit,
  noMemoryLimit,
  markOvershoot,
  sizeClassFragmentation,
  pageFragmentation,
  largePhysPages,
  khugepagedRefill,
  hugePagesSurvive,
  forcedHugePages,
  needlessZeroing,
  versionChange,
  stacks,
  deadGoroutines,
  goroutineLeak,
  profileBuckets,
  metadataStays,
  cgoMemory,
  fileMappings,
  pageCache,
  addressSpace,
  releasedGauge,
  mapNeverShrinks,
  retainedSubstring,
  poolGiants,
  finalizers,
  heapMinimum,
  overScavenging,
  otherOs,
  forcedRegrowth,
];
