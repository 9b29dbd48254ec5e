/**
 * Strings that come from a recording, a file name or the network, made safe to print.
 *
 * A terminal obeys what it is sent: an escape sequence in a type name could retitle the window, answer as if the user had
 * typed, or hide text; a bidi override could show it in another order than it is. Such characters are shown as escapes.
 */

// C0 and C1 controls, DEL, soft hyphen, bidi marks, embeddings, overrides and isolates, zero-width and other invisible
// formatting characters, line and paragraph separators, lone surrogates, interlinear annotation marks, and the tag block.
const UNSAFE =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\p{Surrogate}\u{e0000}-\u{e007f}]/gu;

/** The text with every unsafe character as a visible escape (`\n`, `\x1b`, `\u202e`). */
export function escapeText(text: string): string {
  return text.replace(UNSAFE, visible);
}

function visible(char: string): string {
  if (char === "\n") return "\\n";
  if (char === "\t") return "\\t";
  if (char === "\r") return "\\r";
  const code = char.codePointAt(0)!;
  if (code < 0x100) return `\\x${code.toString(16).padStart(2, "0")}`;
  if (code < 0x10000) return `\\u${code.toString(16).padStart(4, "0")}`;
  return `\\u{${code.toString(16)}}`;
}

/**
 * The text as Markdown that shows it as it is: no markup, tags, entities, formulas or strike-through of its own, and no table cell that ends
 * early. An @ is written so that nobody of that name is told.
 */
export function escapeMarkdown(text: string): string {
  return escapeText(text)
    .replaceAll("&", "&amp;")
    .replaceAll(/([\\`*_{}[\]|#~$])/g, "\\$1")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll("@", "&#64;");
}

/** A code span of the text; backticks in it do not end it. */
export function codeSpan(text: string): string {
  const inner = escapeText(text).replaceAll("|", "\\|");
  const fence = "`".repeat(Math.max(0, ...(inner.match(/`+/g) ?? []).map((run) => run.length)) + 1);
  return fence.length > 1 ? `${fence} ${inner} ${fence}` : `\`${inner}\``;
}

/** JSON text of the value in which unsafe characters are written as \u escapes: the same value, safe to show. */
export function safeJson(value: unknown, indent?: number): string {
  // Line breaks of an indented document are outside strings, where JSON.stringify never leaves a raw control character.
  return JSON.stringify(value, null, indent).replace(UNSAFE, (char) => {
    if (char === "\n") return char;
    let escaped = "";
    for (let i = 0; i < char.length; i++) escaped += `\\u${char.charCodeAt(i).toString(16).padStart(4, "0")}`;
    return escaped;
  });
}
