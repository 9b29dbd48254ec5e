import { EventEmitter } from "node:events";

const ENTER = "\u001b[?1049h\u001b[?25l\u001b[?7l\u001b[0m\u001b[2J\u001b[H";
const LEAVE = "\u001b[0m\u001b[2J\u001b[?7h\u001b[?25h\u001b[?1049l";
// Terminals that know it show what stands between as one; others ignore it.
// Presses of its buttons and the wheel (1000), as text that every column fits in (1006).
const MOUSE_ON = "\u001b[?1000h\u001b[?1006h";
const MOUSE_OFF = "\u001b[?1006l\u001b[?1000l";
const BEGIN_UPDATE = "\u001b[?2026h";
const END_UPDATE = "\u001b[?2026l";

/**
 * The alternate screen of the terminal: is shown whole frames and writes the rows that changed.
 *
 * It is the "stdout" that Ink is given, but takes nothing from it. Ink updates a terminal by moving relative to a cursor
 * that a resize or a stop of the process has put elsewhere, and clears the user's scrollback when a frame is as high as
 * the screen; and it takes 70 to 110 ms to lay out the 17500 characters of a 250x70 screen, which the model knows how to
 * place in 3. So Ink reads the keys and keeps the state, and the frames come here by themselves.
 */
export class Screen extends EventEmitter {
  readonly isTTY = true;
  readonly #stream: NodeJS.WriteStream;
  /** The last frame, and what of it is on the screen. */
  #frame: string[] = [];
  #painted: string[] = [];
  #active = false;
  #mouse: boolean;
  readonly #onResize = (): void => {
    this.repaint();
    this.emit("resize");
  };

  /** With `mouse` the terminal reports it, as keys, and leaves selecting text to Shift. */
  constructor(stream: NodeJS.WriteStream, { mouse = false }: { mouse?: boolean } = {}) {
    super();
    this.#stream = stream;
    this.#mouse = mouse;
    this.setMaxListeners(20);
  }

  get columns(): number {
    return this.#stream.columns || 80;
  }

  get rows(): number {
    return this.#stream.rows || 24;
  }

  /** Switches to the alternate screen and paints the last frame there, if there was one. */
  enter(): void {
    if (this.#active) return;
    this.#active = true;
    this.#send(ENTER + (this.#mouse ? MOUSE_ON : ""));
    this.#stream.on("resize", this.#onResize);
    this.repaint();
  }

  /** Switches back, with the cursor shown. Safe to call at any time, also twice. */
  leave(): void {
    if (!this.#active) return;
    this.#active = false;
    this.#stream.off("resize", this.#onResize);
    this.#send((this.#mouse ? MOUSE_OFF : "") + LEAVE);
  }

  get mouse(): boolean {
    return this.#mouse;
  }

  set mouse(on: boolean) {
    if (on === this.#mouse) return;
    this.#mouse = on;
    if (this.#active) this.#send(on ? MOUSE_ON : MOUSE_OFF);
  }

  /** Asks the terminal to put the text on the clipboard (OSC 52). Not every one does, and none tells. */
  copy(text: string): void {
    if (this.#active) this.#send(`\u001b]52;c;${Buffer.from(text, "utf8").toString("base64")}\u001b\\`);
  }

  /** Paints the whole of the last frame again: the screen may show anything now. */
  repaint(): void {
    this.#painted = [];
    this.#draw("\u001b[0m\u001b[2J");
  }

  /** Shows a frame; while the terminal is given back, when it is taken again. */
  show(rows: string[]): void {
    this.#frame = rows;
    this.#draw("");
  }

  /** What Ink writes: empty frames, and the cursor shown at its end, which is for `leave` to do. */
  write(): boolean {
    return true;
  }

  #draw(before: string): void {
    if (!this.#active) return;
    let text = before;
    const rows = this.#frame;
    const height = Math.min(this.rows, Math.max(rows.length, this.#painted.length));
    for (let i = 0; i < height; i++) {
      const row = rows[i] ?? "";
      // Erased before it is written: at the last column, erasing to the end of the line takes the last character too.
      if (row !== this.#painted[i]) text += `\u001b[${i + 1};1H\u001b[0m\u001b[2K${row}`;
    }
    this.#painted = rows;
    if (text !== "") this.#send(`${BEGIN_UPDATE}${text}\u001b[0m${END_UPDATE}`);
  }

  #send(text: string): void {
    if (this.#stream.destroyed || this.#stream.writableEnded) return;
    this.#stream.write(text);
  }
}
