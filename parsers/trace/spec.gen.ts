// Made by conformance/gen-trace-spec.mjs from internal/trace/tracev2/events.go of go1.27.0. Do not edit.

export interface EventSpec {
  readonly name: string;
  /** Names of the arguments; a timed event's first is "dt", ticks since the event before it in its batch. */
  readonly args: readonly string[];
  /** Whether it appears in the event batches of an M. */
  readonly timed: boolean;
  /** Trailing data: a length and that many bytes. */
  readonly data: boolean;
  /** Trailing stack frames: four numbers each. */
  readonly stack: boolean;
}

/** Event specs by number. */
export const SPECS: Readonly<Record<number, EventSpec>> = {
  1: { name: "EventBatch", args: ["gen", "m", "time", "size"], timed: false, data: false, stack: false },
  2: { name: "Stacks", args: [], timed: false, data: false, stack: false },
  3: { name: "Stack", args: ["id", "nframes"], timed: false, data: false, stack: true },
  4: { name: "Strings", args: [], timed: false, data: false, stack: false },
  5: { name: "String", args: ["id"], timed: false, data: true, stack: false },
  6: { name: "CPUSamples", args: [], timed: false, data: false, stack: false },
  7: { name: "CPUSample", args: ["time", "m", "p", "g", "stack"], timed: false, data: false, stack: false },
  8: { name: "Frequency", args: ["freq"], timed: false, data: false, stack: false },
  9: { name: "ProcsChange", args: ["dt", "procs_value", "stack"], timed: true, data: false, stack: false },
  10: { name: "ProcStart", args: ["dt", "p", "p_seq"], timed: true, data: false, stack: false },
  11: { name: "ProcStop", args: ["dt"], timed: true, data: false, stack: false },
  12: { name: "ProcSteal", args: ["dt", "p", "p_seq", "m"], timed: true, data: false, stack: false },
  13: { name: "ProcStatus", args: ["dt", "p", "pstatus"], timed: true, data: false, stack: false },
  14: { name: "GoCreate", args: ["dt", "new_g", "new_stack", "stack"], timed: true, data: false, stack: false },
  15: { name: "GoCreateSyscall", args: ["dt", "new_g"], timed: true, data: false, stack: false },
  16: { name: "GoStart", args: ["dt", "g", "g_seq"], timed: true, data: false, stack: false },
  17: { name: "GoDestroy", args: ["dt"], timed: true, data: false, stack: false },
  18: { name: "GoDestroySyscall", args: ["dt"], timed: true, data: false, stack: false },
  19: { name: "GoStop", args: ["dt", "reason_string", "stack"], timed: true, data: false, stack: false },
  20: { name: "GoBlock", args: ["dt", "reason_string", "stack"], timed: true, data: false, stack: false },
  21: { name: "GoUnblock", args: ["dt", "g", "g_seq", "stack"], timed: true, data: false, stack: false },
  22: { name: "GoSyscallBegin", args: ["dt", "p_seq", "stack"], timed: true, data: false, stack: false },
  23: { name: "GoSyscallEnd", args: ["dt"], timed: true, data: false, stack: false },
  24: { name: "GoSyscallEndBlocked", args: ["dt"], timed: true, data: false, stack: false },
  25: { name: "GoStatus", args: ["dt", "g", "m", "gstatus"], timed: true, data: false, stack: false },
  26: { name: "STWBegin", args: ["dt", "kind_string", "stack"], timed: true, data: false, stack: false },
  27: { name: "STWEnd", args: ["dt"], timed: true, data: false, stack: false },
  28: { name: "GCActive", args: ["dt", "gc_seq"], timed: true, data: false, stack: false },
  29: { name: "GCBegin", args: ["dt", "gc_seq", "stack"], timed: true, data: false, stack: false },
  30: { name: "GCEnd", args: ["dt", "gc_seq"], timed: true, data: false, stack: false },
  31: { name: "GCSweepActive", args: ["dt", "p"], timed: true, data: false, stack: false },
  32: { name: "GCSweepBegin", args: ["dt", "stack"], timed: true, data: false, stack: false },
  33: { name: "GCSweepEnd", args: ["dt", "swept_value", "reclaimed_value"], timed: true, data: false, stack: false },
  34: { name: "GCMarkAssistActive", args: ["dt", "g"], timed: true, data: false, stack: false },
  35: { name: "GCMarkAssistBegin", args: ["dt", "stack"], timed: true, data: false, stack: false },
  36: { name: "GCMarkAssistEnd", args: ["dt"], timed: true, data: false, stack: false },
  37: { name: "HeapAlloc", args: ["dt", "heapalloc_value"], timed: true, data: false, stack: false },
  38: { name: "HeapGoal", args: ["dt", "heapgoal_value"], timed: true, data: false, stack: false },
  39: { name: "GoLabel", args: ["dt", "label_string"], timed: true, data: false, stack: false },
  40: { name: "UserTaskBegin", args: ["dt", "task", "parent_task", "name_string", "stack"], timed: true, data: false, stack: false },
  41: { name: "UserTaskEnd", args: ["dt", "task", "stack"], timed: true, data: false, stack: false },
  42: { name: "UserRegionBegin", args: ["dt", "task", "name_string", "stack"], timed: true, data: false, stack: false },
  43: { name: "UserRegionEnd", args: ["dt", "task", "name_string", "stack"], timed: true, data: false, stack: false },
  44: { name: "UserLog", args: ["dt", "task", "key_string", "value_string", "stack"], timed: true, data: false, stack: false },
  45: { name: "GoSwitch", args: ["dt", "g", "g_seq"], timed: true, data: false, stack: false },
  46: { name: "GoSwitchDestroy", args: ["dt", "g", "g_seq"], timed: true, data: false, stack: false },
  47: { name: "GoCreateBlocked", args: ["dt", "new_g", "new_stack", "stack"], timed: true, data: false, stack: false },
  48: { name: "GoStatusStack", args: ["dt", "g", "m", "gstatus", "stack"], timed: true, data: false, stack: false },
  49: { name: "ExperimentalBatch", args: ["exp", "gen", "m", "time"], timed: false, data: true, stack: false },
  50: { name: "Sync", args: [], timed: false, data: false, stack: false },
  51: { name: "ClockSnapshot", args: ["dt", "mono", "sec", "nsec"], timed: true, data: false, stack: false },
  52: { name: "EndOfGeneration", args: [], timed: false, data: false, stack: false },
  128: { name: "Span", args: ["dt", "id", "npages_value", "kindclass"], timed: true, data: false, stack: false },
  129: { name: "SpanAlloc", args: ["dt", "id", "npages_value", "kindclass"], timed: true, data: false, stack: false },
  130: { name: "SpanFree", args: ["dt", "id"], timed: true, data: false, stack: false },
  131: { name: "HeapObject", args: ["dt", "id", "type"], timed: true, data: false, stack: false },
  132: { name: "HeapObjectAlloc", args: ["dt", "id", "type"], timed: true, data: false, stack: false },
  133: { name: "HeapObjectFree", args: ["dt", "id"], timed: true, data: false, stack: false },
  134: { name: "GoroutineStack", args: ["dt", "id", "order"], timed: true, data: false, stack: false },
  135: { name: "GoroutineStackAlloc", args: ["dt", "id", "order"], timed: true, data: false, stack: false },
  136: { name: "GoroutineStackFree", args: ["dt", "id"], timed: true, data: false, stack: false },
};

export const EvEventBatch = 1;
export const EvStacks = 2;
export const EvStack = 3;
export const EvStrings = 4;
export const EvString = 5;
export const EvCPUSamples = 6;
export const EvCPUSample = 7;
export const EvFrequency = 8;
export const EvProcsChange = 9;
export const EvProcStart = 10;
export const EvProcStop = 11;
export const EvProcSteal = 12;
export const EvProcStatus = 13;
export const EvGoCreate = 14;
export const EvGoCreateSyscall = 15;
export const EvGoStart = 16;
export const EvGoDestroy = 17;
export const EvGoDestroySyscall = 18;
export const EvGoStop = 19;
export const EvGoBlock = 20;
export const EvGoUnblock = 21;
export const EvGoSyscallBegin = 22;
export const EvGoSyscallEnd = 23;
export const EvGoSyscallEndBlocked = 24;
export const EvGoStatus = 25;
export const EvSTWBegin = 26;
export const EvSTWEnd = 27;
export const EvGCActive = 28;
export const EvGCBegin = 29;
export const EvGCEnd = 30;
export const EvGCSweepActive = 31;
export const EvGCSweepBegin = 32;
export const EvGCSweepEnd = 33;
export const EvGCMarkAssistActive = 34;
export const EvGCMarkAssistBegin = 35;
export const EvGCMarkAssistEnd = 36;
export const EvHeapAlloc = 37;
export const EvHeapGoal = 38;
export const EvGoLabel = 39;
export const EvUserTaskBegin = 40;
export const EvUserTaskEnd = 41;
export const EvUserRegionBegin = 42;
export const EvUserRegionEnd = 43;
export const EvUserLog = 44;
export const EvGoSwitch = 45;
export const EvGoSwitchDestroy = 46;
export const EvGoCreateBlocked = 47;
export const EvGoStatusStack = 48;
export const EvExperimentalBatch = 49;
export const EvSync = 50;
export const EvClockSnapshot = 51;
export const EvEndOfGeneration = 52;
export const EvSpan = 128;
export const EvSpanAlloc = 129;
export const EvSpanFree = 130;
export const EvHeapObject = 131;
export const EvHeapObjectAlloc = 132;
export const EvHeapObjectFree = 133;
export const EvGoroutineStack = 134;
export const EvGoroutineStackAlloc = 135;
export const EvGoroutineStackFree = 136;
