/**
 * Every sentence that the program says to its user outside of its reports, in one table. Arguments that come from outside
 * are escaped by the caller.
 */
export const MESSAGES = {
  summary: "Where a Go program's memory goes, and what it would be under another setting.",
  inputs:
    "Inputs: a file, - for standard input, or a folder with one run's recordings; watch and capture take the URL of a net/http/pprof endpoint. " +
    "Several inputs are one run. gzip and zstd are seen through.",
  exitCodes:
    "Exit codes: 0 done, 1 a budget is broken, 2 wrong usage, 3 an input can't be read or is of no known format, " +
    "4 done on a partial input, 5 the input can't support what was asked, 70 a bug in gopages.",
  helpOfCommand: "Options of a command: gopages <command> --help",

  replaySummary: "Predicted RSS and returned memory over time",
  verifySummary: "How far the model can be trusted on this recording",
  optionJson: "Print one JSON document on stdout, and nothing else there",
  optionPlain: "Print a text summary, even on a terminal",
  optionSamples: "Rows of the timeline in --json: a number (default 500), or all",
  optionPolicy: "Go version whose allocator is replayed, e.g. go1.22 (default: the recording's)",
  optionPhysPageSize: "Page size of the system, e.g. 4KiB, 16KiB, 64KiB (default: 4KiB)",
  optionMemoryLimit: "GOMEMLIMIT of the recorded run, or off: a trace does not tell it (default: off)",
  optionNoProgress: "Say nothing about progress",
  optionHelp: "Show help",
  optionVersion: "Show the version",
  exampleReplay: "Look at a run on the terminal",
  exampleJson: "The same for a program",
  examplePolicy: "The run as Go 1.12 would have managed it",
  exampleVerify: "Compare the model with what was recorded",
  exampleVerifySamples: "...and with RSS samples taken beside it",

  whatifSummary: "The same program under other settings, side by side",
  optionGogcList: "GOGC values, in per cent or off",
  optionMemoryLimitList: "GOMEMLIMIT values, or off (Go 1.19+)",
  optionPolicyList: "Go versions, go1.11 ... go1.27",
  optionPhysPageSizeList: "Page sizes of the system",
  optionProcsList: "GOMAXPROCS values",
  optionOsList: "Systems: linux, windows, darwin",
  optionFreeOsMemoryEvery: "Calls debug.FreeOSMemory so often, e.g. 10s; or off",
  optionRecordedGogc: "GOGC of the recorded run: a trace does not tell it",
  optionRecordedMemoryLimit: "GOMEMLIMIT of the recorded run",
  optionSolve: "Finds the setting that holds a goal: peak-rss<=SIZE, mean-rss<=SIZE or gc-cpu<=N%",
  exampleWhatIf: "What other GOGC values would have cost",
  exampleWhatIfLimit: "A memory limit instead of GOGC",
  exampleWhatIfPolicy: "The same program under other Go versions",
  exampleSolve: "The highest GOGC that stays below",
  tooManySettings: (count: number) => `${count} combinations of settings are too many`,
  tooManySettingsHint: (most: number) => `Give at most ${most}: each one replays the whole recording`,
  badValue: (option: string, value: string, what: string) => `${option} ${value}: ${what}`,
  badGogcHint: "GOGC is a whole number of per cent from 1 on, or off",
  badProcsHint: "GOMAXPROCS is a number from 1 to 1024",
  badOsHint: (known: readonly string[]) => `Systems are ${known.join(", ")}`,
  badEveryHint: "Times look like 500ms, 10s, 2min",
  badGoalHint: "Goals look like 'peak-rss<=512MiB', 'mean-rss<=300MiB' or 'gc-cpu<=5%'",
  settingHint: "Leave that combination out",

  tryHelp: "Try: gopages --help",
  tryCommandHelp: (command: string) => `Try: gopages ${command} --help`,
  noInput: "no input given",
  noInputHint: "Try: gopages trace.out, or gopages --help",
  unknownOption: (option: string) => `unknown option ${option}`,
  didYouMean: (what: string) => `Did you mean ${what}?`,
  missingValue: (option: string) => `${option} needs a value`,
  twice: (option: string) => `${option} is given more than once`,
  exclusive: (a: string, b: string) => `${a} and ${b} exclude each other`,
  badSamples: (value: string) => `--samples ${value}: not a number of rows`,
  badSamplesHint: "Give a whole number from 2 on, or all",
  badSize: (option: string, value: string) => `${option} ${value}: not a size`,
  badSizeHint: "Sizes look like 64KiB, 512MiB, 2GB or 4096",
  badPhysPageSize: (value: string) => `--phys-page-size ${value}: not a page size`,
  badPhysPageSizeHint: "A page size is a power of two from 4KiB to 512KiB",
  badPolicy: (value: string) => `--policy ${value}: no such policy`,
  badPolicyHint: (known: readonly string[]) => `Policies are ${known.join(", ")}`,
  notACommand: (word: string, command: string) => `${word} is no file; did you mean the command ${command}?`,

  error: (text: string) => `gopages: ${text}\n`,
  bug: (text: string) => `gopages: a bug in gopages: ${text}; please report it, with the input if you can\n`,
  bugHint: "        (GOPAGES_DEBUG=1 shows where)\n",
  partial: "gopages: done, but on a partial input: see the losses in the result\n",
  interrupted: "gopages: interrupted\n",

  progress: (phase: string, percent: string, events: string, elapsed: string) =>
    `${phase}${percent === "" ? "" : ` ${percent}`}, ${events} events, ${elapsed}`,
} as const;
