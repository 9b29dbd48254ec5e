import type { Terminal } from "../../terminal.ts";
import type { Line } from "../canvas.ts";
import type { Data } from "../data.ts";
import type { State } from "../state.ts";

/** What a view may fill, in characters. */
export interface Box {
  readonly width: number;
  readonly height: number;
}

/** Draws the state of the result into the box. Pure: the same arguments give the same lines, at most `height` of them. */
export type DrawView = (data: Data, state: State, box: Box, terminal: Pick<Terminal, "unicode">) => Line[];
