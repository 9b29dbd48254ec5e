/** Keys of the causes: which one, and which of its moments. */
import type { CauseVerdict } from "../../replay/diagnose/diagnose.ts";
import type { Action, Context } from "./actions.ts";
import type { Data } from "./data.ts";
import { jumpTo } from "./navigate.ts";
import type { State } from "./state.ts";

/** The causes, once they are known. */
export function causesOf({ diagnosis }: Data): readonly CauseVerdict[] {
  return diagnosis.is === "ready" ? diagnosis.value.causes : [];
}

/** Moments that the cause's evidence is of, each once, in the order of the evidence. */
export function momentsOf(cause: CauseVerdict | undefined): number[] {
  const moments = (cause?.evidence ?? []).flatMap(({ t }) => (t === undefined || !Number.isFinite(t) ? [] : [t]));
  return moments.filter((t, i) => moments.indexOf(t) === i);
}

function causeBy(by: number): Action["run"] {
  return ({ data, state }) => {
    const last = Math.max(0, causesOf(data).length - 1);
    const cause = Math.min(last, Math.max(0, state.why.cause + by));
    return cause === state.why.cause ? state : { ...state, scroll: 0, why: { cause, moment: 0 } };
  };
}

function momentBy(by: number): Action["run"] {
  return ({ data, state }) => {
    const count = momentsOf(causesOf(data)[state.why.cause]).length;
    if (count === 0) return state;
    return { ...state, why: { ...state.why, moment: (state.why.moment + by + count) % count } };
  };
}

function toMoment({ data, state }: Context): State {
  const cause = causesOf(data)[state.why.cause];
  if (!cause) return state;
  const moments = momentsOf(cause);
  const t = moments[Math.min(state.why.moment, moments.length - 1)];
  if (t === undefined) return { ...state, said: "Its evidence is of the whole run: there is no one moment to go to" };
  return { ...jumpTo(data, state, t), view: "timeline", scroll: 0, said: `${cause.title}; u goes back` };
}

export const WHY_ACTIONS: readonly Action[] = (
  [
    { title: "Cause above", keys: ["up", "k"], status: "cause", run: causeBy(-1) },
    { title: "Cause below", keys: ["down", "j"], status: "cause", run: causeBy(1) },
    { title: "Previous moment of the evidence", keys: ["left", "h"], status: "moment", run: momentBy(-1) },
    { title: "Next moment of the evidence", keys: ["right", "l"], status: "moment", run: momentBy(1) },
    { title: "Go to that moment on the timeline", keys: ["return"], status: "show", run: toMoment },
    { title: "First cause", keys: ["home", "g"], run: causeBy(Number.NEGATIVE_INFINITY) },
    { title: "Last cause", keys: ["end", "G"], run: causeBy(Number.POSITIVE_INFINITY) },
    {
      title: "Scroll the evidence up",
      keys: ["pageup"],
      run: ({ state }) => ({ ...state, scroll: Math.max(0, state.scroll - 5) }),
    },
    {
      title: "Scroll the evidence down",
      keys: ["pagedown"],
      run: ({ state }) => ({ ...state, scroll: state.scroll + 5 }),
    },
    {
      title: "Stop looking for causes",
      keys: ["escape"],
      run: ({ data, state }) => (data.diagnosis.is === "working" ? { state, effect: { do: "cancel" } } : state),
    },
  ] satisfies Omit<Action, "part">[]
).map((action) => ({ ...action, part: "table", views: ["why"] }));
