/** Keys of the what-if view: which setting, and its value. A changed value is played at once. */
import type { Setting } from "../../replay/what-if.ts";
import type { Action, Context } from "./actions.ts";
import type { Data } from "./data.ts";
import { openPrompt } from "./prompt.ts";
import type { State } from "./state.ts";
import { FIELDS, stepPreset } from "./what-if-settings.ts";

/** The setting that is asked for; null until the recorded one is known. */
export function wantedSetting({ whatIf }: Data, state: State): Setting | null {
  return whatIf.recorded === null ? null : { ...whatIf.recorded, ...state.whatIf.values };
}

/** Sets a field; the recorded value is no change. */
export function setField(data: Data, state: State, index: number, value: number | string): State {
  const { id } = FIELDS[index]!;
  const { [id]: _, ...others } = state.whatIf.values;
  const values = data.whatIf.recorded?.[id] === value ? others : { ...others, [id]: value };
  return { ...state, whatIf: { field: index, values: values as Partial<Setting> } };
}

function fieldBy(by: number): Action["run"] {
  return ({ state }) => {
    const field = Math.min(FIELDS.length - 1, Math.max(0, state.whatIf.field + by));
    return { ...state, whatIf: { ...state.whatIf, field } };
  };
}

function valueBy(up: boolean): Action["run"] {
  return ({ data, state }: Context) => {
    const setting = wantedSetting(data, state);
    if (setting === null) return { ...state, said: "The recorded settings are not known yet" };
    const field = FIELDS[state.whatIf.field]!;
    const value = setting[field.id];
    // From no limit down begins where a limit begins to be felt.
    const least = field.id === "memoryLimit" && value === Number.POSITIVE_INFINITY && !up ? feltFrom(data) : value;
    return setField(data, state, state.whatIf.field, stepPreset(field, least, up));
  };
}

/** Share of the peak that the first limit below none is about. */
const FELT = 1.5;

function feltFrom({ whatIf }: Data): number {
  return whatIf.base ? whatIf.base.run.summary.peakRss * FELT : Number.POSITIVE_INFINITY;
}

function typeValue({ state }: Context): State {
  const field = FIELDS[state.whatIf.field]!;
  return openPrompt(state, { kind: "value", field: state.whatIf.field }, `${field.title} (${field.example}): `);
}

export const WHAT_IF_ACTIONS: readonly Action[] = (
  [
    { title: "Setting above", keys: ["up", "k"], status: "setting", run: fieldBy(-1) },
    { title: "Setting below", keys: ["down", "j"], status: "setting", run: fieldBy(1) },
    { title: "Lower value", keys: ["left", "h"], status: "value", run: valueBy(false) },
    { title: "Higher value", keys: ["right", "l"], status: "value", run: valueBy(true) },
    {
      title: "Type a value (or begin, where the input is long)",
      keys: ["return"],
      status: "type",
      run: (context) =>
        context.data.whatIf.recorded === null ? { state: context.state, effect: { do: "start" } } : typeValue(context),
    },
    {
      title: "This setting as recorded",
      keys: ["backspace"],
      run: ({ data, state }) => {
        const { field } = state.whatIf;
        const recorded = data.whatIf.recorded?.[FIELDS[field]!.id];
        return recorded === undefined ? state : setField(data, state, field, recorded);
      },
    },
    {
      title: "All settings as recorded",
      keys: ["R"],
      status: "reset",
      run: ({ state }) => ({ ...state, whatIf: { ...state.whatIf, values: {} } }),
    },
    {
      title: "Stop what is being played",
      keys: ["escape"],
      status: "stop",
      run: ({ data, state }) => (data.whatIf.run.is === "working" ? { state, effect: { do: "cancel" } } : state),
    },
  ] satisfies Omit<Action, "part">[]
).map((action) => ({ ...action, part: "table", views: ["whatif"] }));
