/**
 * The program with a made-up result in the place of a replay, for tests that need a process of their own on a terminal.
 * FAKE holds the options of the result as JSON.
 */
import process from "node:process";
import { main } from "../program.ts";
import { type FakeOptions, fakeResult } from "./fake-result.ts";

const options = JSON.parse(process.env.FAKE ?? "{}") as FakeOptions;
process.exitCode = await main(process.argv.slice(2), process, { replay: async () => fakeResult(options) });
