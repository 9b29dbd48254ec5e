/** What a key does: the only way from one state to the next. */
import { type Action, actionOf, type Context, scrollBy, show } from "./actions.ts";
import type { Data } from "./data.ts";
import { clicked, isMouse, wheeled } from "./mouse.ts";
import { jumpTo } from "./navigate.ts";
import { itemsFor } from "./palette.ts";
import { edit, type Prompt } from "./prompt.ts";
import { type Key, type Outcome, type Size, type State, VIEWS } from "./state.ts";
import { searchOn, withTable } from "./table-actions.ts";
import { parseTime } from "./times.ts";
import { setField } from "./what-if-actions.ts";
import { FIELDS } from "./what-if-settings.ts";

/** The state after a key, and what else it does. */
export function press(data: Data, state: State, key: Key, size: Size): Outcome {
  if (key === "ctrl-c") return { state, effect: { do: "interrupt" } };
  if (key === "ctrl-z") return { state, effect: { do: "suspend" } };
  const context: Context = { data, size, state: state.said === null ? state : { ...state, said: null } };
  if (context.state.prompt !== null) return outcome(pressPrompt(context, context.state.prompt, key));
  if (context.state.help) return outcome(pressHelp(context.state, key));
  if (isMouse(key)) return outcome(key.startsWith("click:") ? clicked(context, key) : wheeled(context, key));
  const action: Action | undefined = actionOf(context.state.view, key);
  return outcome(action ? action.run(context) : context.state);
}

function outcome(result: State | Outcome): Outcome {
  return "state" in result ? result : { state: result, effect: null };
}

function pressHelp(state: State, key: Key): State {
  if (key.startsWith("wheel-up")) return scrollBy(state, -3);
  if (key.startsWith("wheel-down")) return scrollBy(state, 3);
  switch (key) {
    case "up":
    case "k":
      return scrollBy(state, -1);
    case "down":
    case "j":
      return scrollBy(state, 1);
    case "pageup":
      return scrollBy(state, -10);
    case "pagedown":
      return scrollBy(state, 10);
    case "?":
    case "q":
    case "escape":
    case "return":
      return { ...state, help: false, scroll: 0 };
    default:
      return VIEW_KEYS.includes(key) ? show({ ...state, help: false }, VIEWS[Number(key) - 1]!) : state;
  }
}

const VIEW_KEYS: readonly Key[] = VIEWS.map((_, i) => String(i + 1));

function pressPrompt(context: Context, prompt: Prompt, key: Key): State | Outcome {
  const { state } = context;
  if (key === "escape" || (key === "backspace" && prompt.text === "")) return prompt.before;
  if (key === "return") return accept(context, prompt);
  if (prompt.is.kind === "palette") {
    const count = itemsFor(prompt.text, context).length;
    const by = STEPS[key];
    if (by !== undefined && count > 0) {
      const choice = Math.min(count - 1, Math.max(0, prompt.choice + by));
      return { ...state, prompt: { ...prompt, choice } };
    }
  }
  const text = edit(prompt.text, key);
  if (text === null) return state;
  const typed: State = { ...state, prompt: { ...prompt, text, choice: 0 } };
  // Searches and filters show what they find while they are typed.
  if (prompt.is.kind === "filter") return withTable(typed, prompt.is.view, { filter: text });
  if (prompt.is.kind === "search") {
    const searched = withTable({ ...prompt.before, prompt: typed.prompt }, prompt.is.view, { search: text });
    if (text === "") return searched;
    return { ...searchOn(context.data, searched, prompt.is.view, true, true), prompt: typed.prompt };
  }
  return typed;
}

const STEPS: Readonly<Record<Key, number>> = {
  up: -1,
  down: 1,
  "ctrl-p": -1,
  "ctrl-n": 1,
  tab: 1,
  "shift-tab": -1,
  pageup: -8,
  pagedown: 8,
};

function accept(context: Context, prompt: Prompt): State | Outcome {
  const { data } = context;
  const { is, text } = prompt;
  const state: State = { ...context.state, prompt: null };
  const before: State = { ...prompt.before, said: null };
  switch (is.kind) {
    case "palette": {
      const item = itemsFor(text, context)[prompt.choice];
      return item ? item.run({ ...context, state: before }) : { ...before, said: `Nothing is called "${text}"` };
    }
    case "search":
    case "filter":
      return state;
    case "time": {
      const t = parseTime(/^[\d.]+$/.test(text.trim()) ? `${text}s` : text);
      return t === null ? { ...before, said: `"${text}" is no time: write 12.5s or 350ms` } : jumpTo(data, before, t);
    }
    case "value": {
      const field = FIELDS[is.field]!;
      const value = field.parse(text.trim());
      if (value === null) return { ...before, said: `${field.title} is ${field.example}, not "${text}"` };
      return setField(data, before, is.field, value);
    }
    case "write":
      return text.trim() === "" ? before : { state: before, effect: { do: "write", path: text.trim() } };
    case "export":
      if (text.trim() === "") return before;
      return { state: before, effect: { do: "export", format: is.format, path: text.trim() } };
  }
}
