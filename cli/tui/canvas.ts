import type { Style } from "../style.ts";

/** A stretch of text in one style. */
export interface Span {
  readonly text: string;
  readonly style: Style;
}

export type Line = readonly Span[];

/** A rectangle of characters, each of one column and with a style. What is drawn outside is cut off. */
export class Canvas {
  readonly width: number;
  readonly height: number;
  readonly #chars: string[];
  readonly #styles: Style[];

  constructor(width: number, height: number) {
    this.width = Math.max(0, width);
    this.height = Math.max(0, height);
    this.#chars = new Array<string>(this.width * this.height).fill(" ");
    this.#styles = new Array<Style>(this.width * this.height).fill("plain");
  }

  put(x: number, y: number, char: string, style: Style): void {
    if (x < 0 || y < 0 || x >= this.width || y >= this.height) return;
    this.#chars[y * this.width + x] = char;
    this.#styles[y * this.width + x] = style;
  }

  text(x: number, y: number, text: string, style: Style = "plain"): void {
    let column = x;
    for (const char of text) this.put(column++, y, char, style);
  }

  /** The character there; a blank outside. */
  at(x: number, y: number): string {
    return x < 0 || y < 0 || x >= this.width || y >= this.height ? " " : this.#chars[y * this.width + x]!;
  }

  restyle(x: number, y: number, style: Style): void {
    if (x >= 0 && y >= 0 && x < this.width && y < this.height) this.#styles[y * this.width + x] = style;
  }

  lines(): Line[] {
    const lines: Line[] = [];
    for (let y = 0; y < this.height; y++) {
      const line: Span[] = [];
      let text = "";
      let style: Style = "plain";
      for (let x = 0; x < this.width; x++) {
        const i = y * this.width + x;
        if (this.#styles[i] !== style && text !== "") {
          line.push({ text, style });
          text = "";
        }
        style = this.#styles[i]!;
        text += this.#chars[i]!;
      }
      if (text !== "") line.push({ text, style });
      lines.push(line);
    }
    return lines;
  }
}

/** A line of one style. */
export function plainLine(text: string, style: Style = "plain"): Line {
  return text === "" ? [] : [{ text, style }];
}

/** The line's characters without their styles. */
export function textOf(line: Line): string {
  return line.map((span) => span.text).join("");
}

/** The line cut or filled with blanks to exactly `width` characters. */
export function toWidth(line: Line, width: number): Line {
  const spans: Span[] = [];
  let left = Math.max(0, width);
  for (const span of line) {
    if (left === 0) break;
    const chars = [...span.text];
    const text = chars.length > left ? chars.slice(0, left).join("") : span.text;
    left -= Math.min(left, chars.length);
    spans.push({ text, style: span.style });
  }
  if (left > 0) spans.push({ text: " ".repeat(left), style: "plain" });
  return spans;
}
