import { expect, test } from "vitest";
import { COMMANDS } from "./index.ts";
import { callOf, LOADERS } from "./load.ts";

test("every command can be loaded by its name, in the order of help", async () => {
  expect(Object.keys(LOADERS)).toEqual(COMMANDS.map(({ name }) => name));
  for (const command of COMMANDS) expect(await LOADERS[command.name]!()).toBe(command);
});

test.each([
  ["verify a", "verify", "a"],
  ["--json verify a", "verify", "--json a"],
  ["-o x export a --to csv", "export", "-o x a --to csv"],
  ["-o=x export a", "export", "-o=x a"],
  ["--to csv -o replay export a", "export", "--to csv -o replay a"],
  ["-o x replay a --open", "replay", "-o x a --open"],
  ["record -o export -- ./verify replay", "record", "-o export -- ./verify replay"],
  ["help", null, "--help"],
  ["help export", "export", "--help"],
  ["trace.out verify", null, "trace.out verify"],
  ["- verify", null, "- verify"],
  ["-o replay a --open", null, "-o replay a --open"],
  ["--open -- verify", null, "--open -- verify"],
  ["toString", null, "toString"],
  ["", null, ""],
])("the command of: gopages %s", async (line, name, args) => {
  const words = (text: string): string[] => text.split(" ").filter((word) => word !== "");
  const call = await callOf(words(line));
  expect(call.command.name).toBe(name ?? "replay");
  expect(call.named).toBe(name !== null);
  expect(call.args).toEqual(words(args));
});
