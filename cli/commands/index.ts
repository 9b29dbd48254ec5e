import { captureCommand } from "./capture.ts";
import { causesCommand } from "./causes.ts";
import { checkCommand } from "./check.ts";
import type { Command } from "./command.ts";
import { compareCommand } from "./compare.ts";
import { completionCommand } from "./completion.ts";
import { diagnoseCommand } from "./diagnose.ts";
import { explainCommand } from "./explain.ts";
import { exportCommand } from "./export.ts";
import { formatsCommand } from "./formats.ts";
import { recordCommand } from "./record.ts";
import { replayCommand } from "./replay.ts";
import { scenarioCommand } from "./scenario.ts";
import { verifyCommand } from "./verify.ts";
import { watchCommand } from "./watch.ts";
import { whatifCommand } from "./whatif.ts";

/** Every command, in the order of help. The first is the one that needs no name. */
export const COMMANDS: readonly Command[] = [
  replayCommand,
  verifyCommand,
  diagnoseCommand,
  explainCommand,
  causesCommand,
  compareCommand,
  checkCommand,
  exportCommand,
  formatsCommand,
  recordCommand,
  captureCommand,
  watchCommand,
  whatifCommand,
  scenarioCommand,
  completionCommand,
];
