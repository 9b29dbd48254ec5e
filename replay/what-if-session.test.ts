import { expect, test } from "vitest";
import { whatIf } from "./what-if.ts";
import { WhatIfSession } from "./what-if-session.ts";

const TRACE = "fixtures/bursts-1.27/trace.out";
const never = new AbortController().signal;

test("plays what whatIf plays, setting by setting", async () => {
  const events: number[] = [];
  const session = await WhatIfSession.open([TRACE], {}, (_, count) => events.push(count), never);
  expect(events.length).toBeGreaterThan(0);
  const { base, runs } = await whatIf([TRACE], { gogc: [50] });
  expect(session.recorded.gogc).toBe(base.config.gogc);
  const [first] = await session.run([session.recorded], never);
  const [second] = await session.run([{ ...session.recorded, gogc: 50 }], never);
  expect(first!.summary).toEqual(base.summary);
  expect(second!.summary).toEqual(runs[0]!.summary);
});

test("refuses what a version did not have, and stops", async () => {
  const session = await WhatIfSession.open([TRACE], {}, () => {}, never);
  const limited = { ...session.recorded, policy: "go1.12", memoryLimit: 2 ** 26 };
  await expect(session.run([limited], never)).rejects.toThrow(/go1\.12 has no memory limit/);
  await expect(session.run([session.recorded], AbortSignal.abort())).rejects.toMatchObject({ name: "AbortError" });
  await expect(WhatIfSession.open([TRACE], {}, () => {}, AbortSignal.abort())).rejects.toMatchObject({
    name: "AbortError",
  });
});
