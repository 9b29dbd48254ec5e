import { InputError } from "./errors.ts";

/**
 * The JSON documents of a text: one, one a line, or several one after the other (`curl ...; curl ...`). Log lines and
 * whatever else stands between them is left out. A document that is cut off at the end is left out and counted.
 */
export function jsonDocuments(text: string, path: string): { documents: unknown[]; damaged: number } {
  const whole = tryParse(text);
  if (whole !== undefined) return { documents: [whole], damaged: 0 };
  const documents: unknown[] = [];
  let damaged = 0;
  let at = 0;
  while (at < text.length) {
    const begin = next(text, at);
    if (begin < 0) break;
    const end = closing(text, begin);
    if (end < 0) {
      damaged++;
      break;
    }
    const value = tryParse(text.slice(begin, end));
    if (value === undefined) damaged++;
    else documents.push(value);
    at = end;
  }
  if (documents.length === 0) throw new InputError(`${path}: no complete JSON in it; record it again`);
  return { documents, damaged };
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Where the next object or array may begin. */
function next(text: string, from: number): number {
  for (let i = from; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 0x7b || c === 0x5b) return i;
  }
  return -1;
}

/** Just past the bracket that closes the one at `begin`, or -1. */
function closing(text: string, begin: number): number {
  let depth = 0;
  let quoted = false;
  for (let i = begin; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (quoted) {
      if (c === 0x5c) i++;
      else if (c === 0x22) quoted = false;
    } else if (c === 0x22) quoted = true;
    else if (c === 0x7b || c === 0x5b) depth++;
    else if (c === 0x7d || c === 0x5d) {
      if (--depth === 0) return i + 1;
    }
  }
  return -1;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
