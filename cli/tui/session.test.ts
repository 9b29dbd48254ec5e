import { describe, expect, test } from "vitest";
import type { WhatIfRun } from "../../replay/what-if.ts";
import { fakeResult } from "../testing/fake-result.ts";
import { fakePlayer, fakeRun, fakeServices } from "../testing/fake-tui.ts";
import { type Services, Session } from "./session.ts";
import { initialState, type State } from "./state.ts";

const result = fakeResult();

/** Resolves when the session's data satisfies it. */
function until(session: Session, is: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (!is()) return;
      session.off("data", look);
      resolve();
    };
    session.on("data", look);
    look();
  });
}

function stateOf(session: Session, change: Partial<State>): State {
  return { ...initialState(session.data), ...change };
}

describe("what-if", () => {
  test("is opened when it is looked at, and plays what is asked for last", async () => {
    const played: number[] = [];
    const session = new Session(
      {
        ...fakeServices(result),
        openPlayer: async () => ({
          ...fakePlayer(result),
          run: async ([setting]) => {
            played.push(setting!.gogc);
            return [fakeRun(result, setting!)];
          },
        }),
      },
      result,
    );
    session.attend(stateOf(session, { view: "timeline" }));
    expect(session.data.whatIf.run.is).toBe("none");
    session.attend(stateOf(session, { view: "whatif" }));
    await until(session, () => session.data.whatIf.base !== null);
    expect(played).toEqual([100]);
    for (const gogc of [150, 200, 300]) {
      session.attend(stateOf(session, { view: "whatif", whatIf: { field: 0, values: { gogc } } }));
      expect(session.data.whatIf.run.is).toBe("working");
    }
    await until(session, () => session.data.whatIf.run.is === "ready");
    // What is changed faster than it can be played is not played.
    expect(played).toEqual([100, 300]);
    session.attend(stateOf(session, { view: "whatif" }));
    expect(session.data.whatIf.run.is).toBe("none");
    session.close();
  });

  test("a run that is stopped is not shown, one that fails says why", async () => {
    let fail = false;
    const session = new Session(
      {
        ...fakeServices(result),
        openPlayer: async () => ({
          recorded: fakePlayer(result).recorded,
          run: (settings, signal) =>
            settings[0]!.gogc === 100
              ? fakePlayer(result).run(settings, signal)
              : new Promise<WhatIfRun[]>((_, reject) => {
                  if (fail) reject(new RangeError("go1.12 has no memory limit"));
                  signal.addEventListener("abort", () => reject(signal.reason));
                }),
        }),
      },
      result,
    );
    session.attend(stateOf(session, { view: "whatif" }));
    await until(session, () => session.data.whatIf.base !== null);
    session.attend(stateOf(session, { view: "whatif", whatIf: { field: 0, values: { gogc: 50 } } }));
    // Before it has begun, and while it goes on.
    session.cancel();
    expect(session.data.whatIf.run).toMatchObject({ is: "failed", text: "Stopped: change a setting" });
    session.attend(stateOf(session, { view: "whatif", whatIf: { field: 0, values: { gogc: 60 } } }));
    await new Promise((resolve) => setTimeout(resolve, 250));
    expect(session.data.whatIf.run.is).toBe("working");
    session.cancel();
    await until(session, () => session.data.whatIf.run.is === "failed");
    expect(session.data.whatIf.run).toMatchObject({ text: "Stopped: change a setting" });
    fail = true;
    session.attend(stateOf(session, { view: "whatif", whatIf: { field: 0, values: { gogc: 75 } } }));
    await until(session, () => session.data.whatIf.run.is === "failed");
    expect(session.data.whatIf.run).toMatchObject({ text: "go1.12 has no memory limit" });
    session.close();
  });

  test("an input that can't be played says so; a long one is not read unasked", async () => {
    const openPlayer: Services["openPlayer"] = async () => {
      throw new Error("gc.log: no allocations in it");
    };
    const session = new Session({ ...fakeServices(result), openPlayer }, result);
    session.attend(stateOf(session, { view: "whatif" }));
    await until(session, () => session.data.whatIf.run.is === "failed");
    expect(session.data.whatIf.run).toMatchObject({ text: "gc.log: no allocations in it" });
    const long = { ...result, inputs: [{ ...result.inputs[0]!, events: 1e9 }] };
    const waiting = new Session(fakeServices(long), long);
    waiting.attend(stateOf(waiting, { view: "whatif" }));
    expect(waiting.data.whatIf.run.is).toBe("none");
    waiting.start();
    await until(waiting, () => waiting.data.whatIf.base !== null);
  });
});

test("causes are looked for once, when they are looked at; a search that is stopped can be begun again", async () => {
  let asked = 0;
  const services: Services = {
    ...fakeServices(result),
    diagnose: async (_, __, signal) => {
      asked++;
      if (asked > 1) return fakeServices(result).diagnose(result, null, signal);
      return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    },
  };
  const session = new Session(services, result);
  const why = stateOf(session, { view: "why" });
  session.attend(why);
  session.attend(why);
  expect(session.data.diagnosis.is).toBe("working");
  session.cancel();
  await until(session, () => session.data.diagnosis.is === "none");
  session.attend(why);
  await until(session, () => session.data.diagnosis.is === "ready");
  session.attend(why);
  expect(asked).toBe(2);
});

test("while the input is read nothing else is begun; what was looked at is answered then", async () => {
  const progress = { phase: "replaying", fraction: 0.5, events: 10, soFar: () => result };
  const session = Session.reading(fakeServices(result), progress, null as never);
  expect(session.data.reading).toMatchObject({ fraction: 0.5, events: 10 });
  session.attend(stateOf(session, { view: "why" }));
  expect(session.data.diagnosis.is).toBe("none");
  session.done(result);
  expect(session.data.reading).toBeNull();
  await until(session, () => session.data.diagnosis.is === "ready");
});
