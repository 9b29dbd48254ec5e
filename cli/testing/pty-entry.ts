/**
 * The program with a made-up result in the place of a replay, for tests that need a process of their own on a terminal.
 * FAKE holds the options of the result as JSON.
 */
import process from "node:process";
import { runProcess } from "../process.ts";
import { type FakeOptions, fakeResult } from "./fake-result.ts";

const options = JSON.parse(process.env.FAKE ?? "{}") as FakeOptions;
const { crashAfterMs } = options as { crashAfterMs?: number };
if (crashAfterMs !== undefined) {
  setTimeout(() => {
    throw new Error("crash for a test");
  }, crashAfterMs);
}
await runProcess(process.argv.slice(2), { replay: async () => fakeResult(options) });
