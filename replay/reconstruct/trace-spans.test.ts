import { expect, it } from "vitest";
import { CyclePlan } from "./cycle-plan.ts";
import { TraceSpans } from "./trace-spans.ts";

it("says that a trace was not looked through ahead, and only then", () => {
  const seen = new CyclePlan();
  seen.finish(27);
  const notes = (plan: CyclePlan) => new TraceSpans(plan).notes().join("\n");
  expect(notes(new CyclePlan())).toContain("give it as a file");
  expect(notes(seen)).not.toContain("give it as a file");
});
