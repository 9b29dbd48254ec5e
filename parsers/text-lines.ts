import type { ByteSource } from "./format.ts";

/** Characters of a line that are kept; what is longer is cut. */
const MAX_LINE = 1 << 20;

/** The lines of an input, without their ends ("\n" or "\r\n"), in bounded memory. */
export async function* textLines(bytes: ByteSource): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for (;;) {
    const piece = await bytes.read();
    const text = piece === null ? decoder.decode() : decoder.decode(piece, { stream: true });
    let begin = 0;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", begin)) {
      yield chomp(rest + text.slice(begin, end));
      rest = "";
      begin = end + 1;
    }
    rest += text.slice(begin, begin + Math.max(0, MAX_LINE - rest.length));
    if (piece === null) break;
  }
  if (rest !== "") yield chomp(rest);
}

function chomp(line: string): string {
  return line.endsWith("\r") ? line.slice(0, -1) : line;
}
