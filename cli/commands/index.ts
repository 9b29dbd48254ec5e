import type { Command } from "./command.ts";
import { exportCommand } from "./export.ts";
import { replayCommand } from "./replay.ts";
import { verifyCommand } from "./verify.ts";

/** Every command, in the order of help. The first is the one that needs no name. */
export const COMMANDS: readonly Command[] = [replayCommand, verifyCommand, exportCommand];
