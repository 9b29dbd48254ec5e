/** A line that is being typed: the palette, a search, a filter, a value, the name of a file. */
import type { Key, State, TableView } from "./state.ts";

export type PromptKind =
  | { readonly kind: "palette" }
  | { readonly kind: "search" | "filter"; readonly view: TableView }
  | { readonly kind: "value"; readonly field: number }
  | { readonly kind: "time" }
  | { readonly kind: "write" }
  | { readonly kind: "export"; readonly format: string };

export interface Prompt {
  readonly is: PromptKind;
  readonly label: string;
  readonly text: string;
  /** The item that is chosen, of the palette's. */
  readonly choice: number;
  /** What was before, for Esc. */
  readonly before: State;
}

export function openPrompt(state: State, is: PromptKind, label: string, text = ""): State {
  return { ...state, prompt: { is, label, text, choice: 0, before: state } };
}

/** Characters at most: names of files are shorter, and the line must be drawn. */
const MOST_TEXT = 1000;

/** What a key makes of the text; null when it is no key of a line. */
export function edit(text: string, key: Key): string | null {
  if (key === "backspace") return [...text].slice(0, -1).join("");
  if (key === "ctrl-u") return "";
  if (key === "ctrl-w") return text.replace(/\S*\s*$/, "");
  if ([...key].length === 1 && key >= " ") return text.length < MOST_TEXT ? text + key : text;
  return null;
}
