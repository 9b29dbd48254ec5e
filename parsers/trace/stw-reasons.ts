/**
 * Why the world stops: runtime/proc.go stwReasonStrings (Go 1.27; 1.21 has the same numbers up to "ReadMetricsSlow"). `aux` of
 * STW_BEGIN and STW_END is an index into this list; 0 is "unknown".
 */
export const STW_REASONS: readonly string[] = [
  "unknown",
  "GC mark termination",
  "GC sweep termination",
  "write heap dump",
  "goroutine profile",
  "goroutine profile cleanup",
  "all goroutines stack trace",
  "read mem stats",
  "AllThreadsSyscall",
  "GOMAXPROCS",
  "start trace",
  "stop trace",
  "CountPagesInUse (test)",
  "ReadMetricsSlow (test)",
  "ReadMemStatsSlow (test)",
  "PageCachePagesLeaked (test)",
  "ResetDebugLog (test)",
];
