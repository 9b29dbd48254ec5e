import { expect, test } from "vitest";
import { replay } from "../run.ts";
import { RunFacts } from "../run-facts.ts";
import { diagnose } from "./diagnose.ts";

const TRACE = "fixtures/bursts-1.27/trace.out";

test("a replay that is there already gives the same causes as reading the trace again", async () => {
  const facts = new RunFacts();
  const result = await replay([TRACE], { tap: facts.take });
  const again = await diagnose([TRACE]);
  const { causes } = await diagnose([TRACE], { replayed: { result, facts } });
  expect(causes).toEqual(again.causes);
  expect(causes.some(({ verdict }) => verdict === "present")).toBe(true);
  // Standard input is not read a second time; the version is all that is not known then.
  const present = (all: typeof causes) => all.filter(({ verdict }) => verdict === "present").map(({ id }) => id);
  const piped = await diagnose(["-"], { replayed: { result, facts } });
  expect(present(piped.causes)).toEqual(present(causes));
});
