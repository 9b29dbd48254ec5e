/** What the keys do, for help. `ascii` is the name without arrows. */
export const HELP: readonly { keys: string; ascii?: string; what: string }[] = [
  { keys: "← → h l", ascii: "left right h l", what: "move the cursor by a column (with Shift: by ten)" },
  { keys: "+ - ↑ ↓", ascii: "+ - up down", what: "zoom in and out" },
  { keys: "PgUp PgDn", what: "a screen back and forth" },
  { keys: "g G Home End", what: "to the beginning, to the end" },
  { keys: "a", what: "show the whole run" },
  { keys: "n p", what: "next and previous GC" },
  { keys: "x", what: "to the peak of RSS" },
  { keys: "m", what: "mark this moment and compare with it (again or Esc: no mark)" },
  { keys: "z", what: "charts from zero, or from the lowest value shown" },
  { keys: "1 2 3 4, Tab", what: "timeline, heap map, ledger, trust" },
  { keys: "?", what: "this help, and out of it" },
  { keys: "q, Ctrl-C", what: "quit" },
];

/** The keys on the status line, most needed first; as many as fit. */
export const STATUS: readonly { keys: string; ascii?: string; what: string }[] = [
  { keys: "q", what: "quit" },
  { keys: "?", what: "help" },
  { keys: "←→", ascii: "left/right", what: "move" },
  { keys: "+-", what: "zoom" },
  { keys: "n/p", what: "GC" },
  { keys: "x", what: "peak" },
  { keys: "m", what: "mark" },
  { keys: "Tab", what: "view" },
  { keys: "g/G", what: "ends" },
  { keys: "a", what: "all" },
  { keys: "z", what: "zero" },
];

export const STATUS_HELP: readonly { keys: string; ascii?: string; what: string }[] = [
  { keys: "?", what: "back" },
  { keys: "↑↓", ascii: "up/down", what: "scroll" },
];
