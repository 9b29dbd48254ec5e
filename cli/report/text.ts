/** Columns of every text report: it must fit where it is pasted. */
export const COLUMNS = 80;

/** The text in lines of at most `width` characters, broken at blanks (a longer word is cut). */
export function wrap(text: string, width: number, indent = ""): string[] {
  const lines: string[] = [];
  let line = "";
  for (let word of text.split(/ +/)) {
    while (word.length > width - indent.length) {
      if (line !== "") lines.push(line);
      line = "";
      const room = width - (lines.length === 0 ? 0 : indent.length);
      lines.push((lines.length === 0 ? "" : indent) + word.slice(0, room));
      word = word.slice(room);
    }
    if (word === "") continue;
    if (line === "") line = (lines.length === 0 ? "" : indent) + word;
    else if (line.length + 1 + word.length <= width) line += ` ${word}`;
    else {
      lines.push(line);
      line = indent + word;
    }
  }
  if (line !== "") lines.push(line);
  return lines;
}

/** The text cut to `width` characters, with a mark that something is missing. */
export function cut(text: string, width: number, ellipsis = "..."): string {
  if (text.length <= width) return text;
  return width <= ellipsis.length
    ? text.slice(0, Math.max(0, width))
    : text.slice(0, width - ellipsis.length) + ellipsis;
}

/** Joins as people do: "a", "a and b", "a, b and c". */
export function list(items: readonly string[]): string {
  if (items.length <= 1) return items.join("");
  return `${items.slice(0, -1).join(", ")} and ${items.at(-1)}`;
}
