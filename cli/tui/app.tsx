import { type Key as InkKey, useApp, useInput } from "ink";
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";
import type { Paint } from "../style.ts";
import type { Terminal } from "../terminal.ts";
import type { Line } from "./canvas.ts";
import { playOn } from "./heap-actions.ts";
import { screen } from "./model.ts";
import { mouseKey } from "./mouse.ts";
import { press } from "./press.ts";
import type { Screen } from "./screen.ts";
import type { Session } from "./session.ts";
import { type Effect, follow, initialState, type Key, type Size, type State } from "./state.ts";
import { usePlayback } from "./use-playback.ts";

export interface AppProps {
  readonly session: Session;
  readonly screen: Screen;
  readonly terminal: Terminal;
  readonly paint: Paint;
  /** Told what a key does beside changing what is seen; the app ends by itself on "quit" and "interrupt". */
  readonly onEffect: (effect: Effect, state: State, size: Size) => void;
}

/** The terminal UI: keys change the state, the session brings data, the model says what is seen. */
export function App({ session, screen: output, terminal, paint, onEffect }: AppProps) {
  const { exit } = useApp();
  const size = useSize(output);
  const [shown, setShown] = useState(() => ({ data: session.data, state: initialState(session.data) }));
  // Several keys can come at once (a held key over a slow line), before the state of the first is drawn.
  const latest = useRef(shown);
  useEffect(() => {
    const show = (next: typeof latest.current): void => {
      latest.current = next;
      setShown(next);
    };
    const onData = (): void => {
      const { data, state } = latest.current;
      show({ data: session.data, state: follow(state, data, session.data) });
    };
    const onSaid = (text: string): void => {
      show({ ...latest.current, state: { ...latest.current.state, said: text } });
    };
    session.on("data", onData);
    session.on("said", onSaid);
    onData();
    return () => {
      session.off("data", onData);
      session.off("said", onSaid);
    };
  }, [session]);
  const onFrame = useCallback((elapsed: number) => {
    const { data, state } = latest.current;
    latest.current = { data, state: playOn(data, state, elapsed) };
    setShown(latest.current);
  }, []);
  usePlayback(shown.state.heap.play !== 0, onFrame);
  useInput((input, key) => {
    for (const name of keysOf(input, key)) {
      const { state, effect } = press(latest.current.data, latest.current.state, name, size);
      latest.current = { ...latest.current, state };
      if (effect === null) continue;
      onEffect(effect, state, size);
      if (effect.do === "quit" || effect.do === "interrupt") {
        exit();
        return;
      }
    }
    session.attend(latest.current.state);
    setShown(latest.current);
  });
  return <Frame lines={screen(shown.data, shown.state, size, terminal)} output={output} paint={paint} />;
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

/** Control keys that mean something. */
const CONTROL = ["c", "z", "p", "n", "u", "w"];

/** Our names of the keys that Ink reports; a paste or a held key is one report of several characters. */
export function keysOf(input: string, key: InkKey): Key[] {
  const mouse = mouseKey(input);
  if (mouse !== null) return [mouse];
  // Any other report of the mouse, and sequences that nobody knows.
  if (input.startsWith("[<")) return [];
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
  // What the key left of Return sends differs by terminal: 0x7f, which Ink calls delete, or 0x08.
  if (key.backspace || key.delete) return ["backspace"];
  if (key.ctrl) return CONTROL.includes(input) ? [`ctrl-${input}`] : [];
  // Escape and a key that came in one piece, as over a slow line: nothing here is on Alt.
  if (key.meta) return /^[a-zA-Z0-9]$/.test(input) ? ["escape", input] : [];
  return [...input].flatMap((char) => {
    if (char === "\t") return ["tab"];
    if (char === "\r" || char === "\n") return ["return"];
    if (char === "\u007f" || char === "\b") return ["backspace"];
    const control = String.fromCharCode(char.charCodeAt(0) + 96);
    if (char < " ") return CONTROL.includes(control) ? [`ctrl-${control}`] : [];
    return [char];
  });
}
