import { type Key as InkKey, useApp, useInput } from "ink";
import { useEffect, useLayoutEffect, useRef, useState } from "react";
import type { Paint } from "../style.ts";
import type { Terminal } from "../terminal.ts";
import type { Line } from "./canvas.ts";
import type { Data } from "./data.ts";
import { type Size, screen } from "./model.ts";
import type { Screen } from "./screen.ts";
import { type Effect, effectOf, initialState, type Key, update } from "./state.ts";
import { plotWidth } from "./views/timeline.ts";

export interface AppProps {
  readonly data: Data;
  readonly screen: Screen;
  readonly terminal: Terminal;
  readonly paint: Paint;
  /** Told when a key leaves the program; the app ends by itself then (but for "suspend"). */
  readonly onEffect: (effect: Exclude<Effect, null>) => void;
}

/** The terminal UI: keys change the state, the model says what is seen. */
export function App({ data, screen: output, terminal, paint, onEffect }: AppProps) {
  const { exit } = useApp();
  const size = useSize(output);
  const [state, setState] = useState(() => initialState(data));
  // Several keys can come at once (a held key over a slow line), before the state of the first is drawn.
  const latest = useRef(state);
  useInput((input, key) => {
    for (const name of keysOf(input, key)) {
      const effect = effectOf(latest.current, name);
      if (effect !== null) onEffect(effect);
      if (effect === "quit" || effect === "interrupt") {
        exit();
        return;
      }
      latest.current = update(data, latest.current, name, plotWidth(size.columns));
    }
    setState(latest.current);
  });
  return <Frame lines={screen(data, state, size, terminal)} output={output} paint={paint} />;
}

interface FrameProps {
  readonly lines: readonly Line[];
  readonly output: Screen;
  readonly paint: Paint;
}

/** Puts the lines on the screen; for Ink there is nothing to lay out. */
function Frame({ lines, output, paint }: FrameProps) {
  useLayoutEffect(() => {
    output.show(
      lines.map((line) =>
        line
          .map((span) => paint(span.text, span.style))
          .join("")
          .trimEnd(),
      ),
    );
  });
  return null;
}

function useSize(output: Screen): Size {
  const [size, setSize] = useState<Size>({ columns: output.columns, rows: output.rows });
  useEffect(() => {
    const measure = (): void => setSize({ columns: output.columns, rows: output.rows });
    output.on("resize", measure);
    return () => void output.off("resize", measure);
  }, [output]);
  return size;
}

/** Our names of the keys that Ink reports; a paste or a held key is one report of several characters. */
export function keysOf(input: string, key: InkKey): Key[] {
  if (key.leftArrow) return [key.shift ? "shift-left" : "left"];
  if (key.rightArrow) return [key.shift ? "shift-right" : "right"];
  if (key.upArrow) return ["up"];
  if (key.downArrow) return ["down"];
  if (key.pageUp) return ["pageup"];
  if (key.pageDown) return ["pagedown"];
  if (key.home) return ["home"];
  if (key.end) return ["end"];
  if (key.tab) return [key.shift ? "shift-tab" : "tab"];
  if (key.return) return ["return"];
  if (key.escape) return ["escape"];
  if (key.ctrl) return input === "c" || input === "z" ? [`ctrl-${input}`] : [];
  if (key.meta || key.backspace || key.delete) return [];
  return [...input].flatMap((char) => {
    if (char === "\u0003") return ["ctrl-c"];
    if (char === "\u001a") return ["ctrl-z"];
    if (char === "\t") return ["tab"];
    return char < " " ? [] : [char];
  });
}
