import { expect, test } from "vitest";
import { COMMANDS } from "./index.ts";
import { commandName, LOADERS } from "./load.ts";

test("every command can be loaded by its name, in the order of help", async () => {
  expect(Object.keys(LOADERS)).toEqual(COMMANDS.map(({ name }) => name));
  for (const command of COMMANDS) expect(await LOADERS[command.name]!()).toBe(command);
});

test("the command is the first word", () => {
  expect(commandName(["verify", "a"])).toBe("verify");
  expect(commandName(["--json", "verify", "a"])).toBe("verify");
  expect(commandName(["trace.out", "verify"])).toBeUndefined();
  expect(commandName(["-", "verify"])).toBeUndefined();
  expect(commandName(["toString"])).toBeUndefined();
  expect(commandName([])).toBeUndefined();
});
