import type { Setting } from "../../replay/what-if.ts";
import type { Data } from "./data.ts";
import { type HeapLook, INITIAL_LOOK } from "./heap-look.ts";
import type { Prompt } from "./prompt.ts";
import { initialTable, type TableState } from "./table.ts";

/** The views, in the order of their number keys. */
export const VIEWS = ["timeline", "heap", "ledger", "whatif", "why", "gcs", "events", "trust"] as const;
export type View = (typeof VIEWS)[number];

/** Views that are a table. */
export type TableView = "gcs" | "events";

/** Names of keys that are no character ("left", "ctrl-c", "click:12:3"); every other key is its character. */
export type Key = string;

/** The screen, in characters. */
export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** What was looked at: zoom and jumps can be taken back. */
export interface Stretch {
  readonly cursor: number;
  readonly from: number;
  readonly to: number;
}

/** All that changes while the result is looked at. */
export interface State extends Stretch {
  readonly view: View;
  /** The cursor is the moment whose figures are shown, from and to the stretch of time that the timeline shows. */
  readonly past: readonly Stretch[];
  /** What was taken back, to be had again. */
  readonly future: readonly Stretch[];
  /** Moments to compare: a with the cursor, or with b. */
  readonly a: number | null;
  readonly b: number | null;
  /** The ledger shows what changed between the marks (or since a), where there are marks. */
  readonly difference: boolean;
  /** The charts begin at 0; otherwise at the lowest value shown. */
  readonly fromZero: boolean;
  /** The timeline shows heap in use, live and goal beside RSS. */
  readonly curves: boolean;
  readonly help: boolean;
  /** First line shown of a text that is longer than the screen. */
  readonly scroll: number;
  /** A line that is being typed, or the palette. */
  readonly prompt: Prompt | null;
  /** What the last key came to, in a line that goes at the next key. */
  readonly said: string | null;
  readonly tables: Readonly<Record<TableView, TableState>>;
  readonly heap: HeapLook;
  /** The cause that is looked at, and which of its moments Enter goes to. */
  readonly why: { readonly cause: number; readonly moment: number };
  /** The setting that is chosen, and what was changed of the recorded ones. */
  readonly whatIf: { readonly field: number; readonly values: Partial<Setting> };
}

/** What a key does beside changing the state. */
export type Effect =
  | { readonly do: "quit" | "interrupt" | "suspend" | "copy" | "cancel" | "mouse" | "start" }
  | { readonly do: "write"; readonly path: string }
  | { readonly do: "export"; readonly format: string; readonly path: string };

export interface Outcome {
  readonly state: State;
  readonly effect: Effect | null;
}

export function initialState(data: Data): State {
  return {
    view: "timeline",
    cursor: data.peak,
    from: data.from,
    to: data.to,
    past: [],
    future: [],
    a: null,
    b: null,
    difference: true,
    fromZero: true,
    curves: true,
    help: false,
    scroll: 0,
    prompt: null,
    said: null,
    tables: { gcs: initialTable("start"), events: initialTable("time") },
    heap: INITIAL_LOOK,
    why: { cause: 0, moment: 0 },
    whatIf: { field: 0, values: {} },
  };
}

/**
 * The state on newer data (more of the input has been read): what showed the whole run goes on to do so, and a cursor that
 * nobody has moved stays at its peak.
 */
export function follow(state: State, before: Data, data: Data): State {
  const whole = state.from === before.from && state.to === before.to;
  const atPeak = whole && state.cursor === before.peak;
  const within = (t: number): number => Math.min(data.to, Math.max(data.from, t));
  const from = whole ? data.from : within(state.from);
  const to = whole ? data.to : within(state.to);
  return {
    ...state,
    cursor: within(atPeak ? data.peak : state.cursor),
    from: from < to ? from : data.from,
    to: from < to ? to : data.to,
    // What Esc goes back to sees the newer data too.
    prompt: state.prompt && { ...state.prompt, before: follow(state.prompt.before, before, data) },
  };
}
