import { type FileHandle, open } from "node:fs/promises";
import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { VectorError } from "./driver.ts";

/** The longest line a vector file may have: a dump of some 10^5 chunks. */
const MAX_LINE = 64 << 20;

/** The lines of a text file, gzip'd or not. Content decides. */
export async function* readLines(path: string): AsyncGenerator<string> {
  const file = await open(path);
  try {
    const magic = Buffer.alloc(2);
    await file.read(magic, 0, 2, 0);
    yield* splitLines(magic[0] === 0x1f && magic[1] === 0x8b ? gunzip(file) : bytesOf(file));
  } finally {
    await file.close();
  }
}

function bytesOf(file: FileHandle): AsyncIterable<Buffer> {
  return file.createReadStream({ start: 0, autoClose: false, highWaterMark: 1 << 18 });
}

function gunzip(file: FileHandle): AsyncIterable<Buffer> {
  const source = Readable.from(bytesOf(file));
  const out = createGunzip();
  source.on("error", (e) => out.destroy(e));
  return source.pipe(out);
}

async function* splitLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop()!;
    if (rest.length > MAX_LINE) throw new VectorError(`a line is longer than ${MAX_LINE} characters`);
    yield* lines;
  }
  rest += decoder.decode();
  if (rest !== "") yield rest;
}
