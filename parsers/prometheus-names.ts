import type { ObservationName } from "./events.ts";
import { RUNTIME_METRICS } from "./metrics.ts";

/** Metrics of Prometheus' Go client (client_golang's process and Go collectors) and of cAdvisor, by what they measure. */
export const OBSERVED_METRICS: ReadonlyMap<string, ObservationName> = new Map<string, ObservationName>([
  ["process_resident_memory_bytes", "rss"],
  ["go_memstats_alloc_bytes", "heap_alloc"],
  ["go_memstats_heap_alloc_bytes", "heap_alloc"],
  ["go_memstats_alloc_bytes_total", "total_alloc"],
  ["go_memstats_sys_bytes", "sys"],
  ["go_memstats_mallocs_total", "mallocs"],
  ["go_memstats_frees_total", "frees"],
  ["go_memstats_heap_sys_bytes", "heap_sys"],
  ["go_memstats_heap_idle_bytes", "heap_idle"],
  ["go_memstats_heap_inuse_bytes", "heap_inuse"],
  ["go_memstats_heap_released_bytes", "heap_released"],
  ["go_memstats_heap_released_bytes_total", "heap_released"], // client_golang up to 0.8
  ["go_memstats_heap_objects", "heap_objects"],
  ["go_memstats_stack_inuse_bytes", "stack_inuse"],
  ["go_memstats_mspan_inuse_bytes", "mspan_inuse"],
  ["go_memstats_mspan_sys_bytes", "mspan_sys"],
  ["go_memstats_mcache_inuse_bytes", "mcache_inuse"],
  ["go_memstats_mcache_sys_bytes", "mcache_sys"],
  ["go_memstats_buck_hash_sys_bytes", "buckhash_sys"],
  ["go_memstats_gc_sys_bytes", "gc_sys"],
  ["go_memstats_other_sys_bytes", "other_sys"],
  ["go_memstats_next_gc_bytes", "next_gc"],
  ["go_memstats_gc_cpu_fraction", "gc_cpu_fraction"],
  ["go_gc_duration_seconds_count", "num_gc"],
  ["go_goroutines", "goroutines"],
  ["go_threads", "threads"],
  ["container_memory_usage_bytes", "cgroup_usage"],
  ["container_memory_max_usage_bytes", "cgroup_peak"],
  ["container_memory_rss", "cgroup_anon"],
  ["container_memory_cache", "cgroup_file"],
  ["container_spec_memory_limit_bytes", "cgroup_limit"],
  ["container_oom_events_total", "cgroup_oom_kills"],
]);

/**
 * runtime/metrics by the names that client_golang gives them (prometheus/internal/go_runtime_metrics.go RuntimeMetricsToProm:
 * "/gc/heap/allocs:bytes" is go_gc_heap_allocs_bytes_total).
 */
export const RUNTIME_METRIC_OF: ReadonlyMap<string, string> = new Map(
  RUNTIME_METRICS.map(([metric, cumulative]) => {
    const [path, unit] = metric.split(":") as [string, string];
    const name = `go${path}_${unit}${cumulative ? "_total" : ""}`.replace(/[/-]/g, "_");
    return [name, metric];
  }),
);

/** Metrics that tell something of the process rather than of its memory. */
export const GO_INFO = "go_info";
export const START_TIME = "process_start_time_seconds";
export const LAST_GC = "go_memstats_last_gc_time_seconds";
