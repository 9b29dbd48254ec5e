import type { EventSource } from "../event-source.ts";
import type { ByteSource } from "../format.ts";
import { Losses, type LossKind } from "../losses.ts";
import { memStatsOrder, observeMemStats } from "../memstats.ts";
import { ObservationLog, ObservationSource } from "../observation-source.ts";
import { readText, readWhole } from "../read-whole.ts";
import { MAX_PROFILE_BYTES } from "./gunzip.ts";
import { readHeapText } from "./legacy-text.ts";
import type { HeapProfile } from "./profile.ts";
import { readHeapProfile } from "./read.ts";

const DELTA: LossKind = {
  name: "delta-profile",
  severity: "info",
  meaning: "a profile of a difference (?seconds=N) tells changes, not what was alive; take one without it as well",
};
const NOT_SAMPLED: LossKind = {
  name: "unknown-rate",
  severity: "info",
  meaning: "the profile does not tell its sampling rate; its figures are taken as they are",
};

/** Opens a protobuf profile: its un-biased sums are observations at its time, and `profile` has the rest. */
export async function openProfile(bytes: ByteSource): Promise<EventSource> {
  const profile = readHeapProfile(await readWhole(bytes, MAX_PROFILE_BYTES), bytes.path);
  const losses = new Losses();
  const log = new ObservationLog(bytes.path);
  log.row(profile.timeNanos > 0 ? profile.timeNanos / 1e6 : Number.NaN);
  observeProfile(log, profile);
  if (profile.isDelta) losses.add(DELTA);
  if (profile.data.period <= 0) losses.add(NOT_SAMPLED);
  return new ObservationSource(bytes, "pprof-heap", "modelled", log, losses, { profile });
}

/** Opens a profile in text form, or several one after the other. Its MemStats are observations, too. */
export async function openText(bytes: ByteSource): Promise<EventSource> {
  const losses = new Losses();
  const profiles = readHeapText(await readText(bytes), bytes.path, losses);
  const log = new ObservationLog(bytes.path);
  for (const profile of profiles) {
    log.row();
    if (profile.memStats) observeMemStats(log, profile.memStats);
    observeProfile(log, profile);
  }
  const memStats = profiles.flatMap((p) => (p.memStats ? [p.memStats] : []));
  return new ObservationSource(bytes, "pprof-text", "exact", log, losses, {
    profiles,
    memStats,
    ...memStatsOrder(memStats),
  });
}

/** Sums of a profile; those of a delta are changes and no measurement. */
function observeProfile(log: ObservationLog, profile: HeapProfile): void {
  if (profile.isDelta) return;
  const totals = profile.totals();
  const has = (type: string) => profile.column(type) >= 0;
  if (has("inuse_space") || has("space")) {
    log.add("profile_live", totals.inuseBytes);
    log.add("profile_live_objects", totals.inuseObjects);
  }
  if (has("alloc_space")) {
    log.add("profile_alloc", totals.allocBytes);
    log.add("profile_alloc_objects", totals.allocObjects);
  }
}
