import type { Terminal } from "../terminal.ts";
import type { Context } from "./actions.ts";
import { type Line, plainLine } from "./canvas.ts";
import { keyName } from "./keys.ts";
import { itemsFor } from "./palette.ts";
import type { Prompt } from "./prompt.ts";
import type { Box } from "./views/view.ts";

const MOST_ITEMS = 12;

/** The palette's items, the chosen one marked, to be drawn over the end of the view. */
export function paletteLines(
  context: Context,
  prompt: Prompt,
  { width, height }: Box,
  { unicode }: Pick<Terminal, "unicode">,
): Line[] {
  const items = itemsFor(prompt.text, context);
  const room = Math.max(1, Math.min(MOST_ITEMS, height - 3));
  const first = Math.max(0, Math.min(prompt.choice - Math.floor(room / 2), items.length - room));
  const shown = items.slice(first, first + room);
  const count =
    items.length === 0
      ? "nothing matches"
      : `${Math.min(prompt.choice, items.length - 1) + 1} of ${items.length}; Enter does it, Esc goes back`;
  const title = ` Commands: ${count} `;
  const lines: Line[] = [plainLine(title + (unicode ? "─" : "-").repeat(Math.max(0, width - title.length)), "title")];
  for (const [i, { title, keys }] of shown.entries()) {
    const chosen = first + i === prompt.choice;
    const names = keys.map((key) => keyName(key, unicode)).join(" ");
    const left = `${chosen ? ">" : " "} ${title}`;
    const room = width - names.length - 2;
    const text = left.length > room ? `${left.slice(0, Math.max(0, room - 3))}...` : left.padEnd(room);
    lines.push([
      { text, style: chosen ? "inverse" : "plain" },
      { text: ` ${names}`, style: "dim" },
    ]);
  }
  return lines;
}
