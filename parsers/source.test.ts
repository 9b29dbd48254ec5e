import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { InputError } from "./errors.ts";
import { Losses } from "./losses.ts";
import { bytesSource, openBytes } from "./source.ts";

const folder = mkdtempSync(join(tmpdir(), "gopages-source-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** "hello zstd\n" 1000 times over, as `zstd -19` writes it. */
const ZSTD = Buffer.from("KLUv/WT4KZ0AAFhoZWxsbyB6c3RkCgEA6sp88QKW8NEG", "base64");

const text = Buffer.from("one two three\n".repeat(20_000));

/** Bytes that compress little. */
function noise(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let state = 1;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[i] = (state >>> 24) & 0x7f;
  }
  return bytes;
}

async function all(bytes: Uint8Array) {
  const source = await bytesSource(bytes);
  const losses = new Losses();
  source.reportTo(losses);
  const pieces: Uint8Array[] = [];
  for (let piece = await source.read(); piece; piece = await source.read()) pieces.push(piece);
  const read = Buffer.concat(pieces);
  expect(source.offset).toBe(read.length);
  await source.close();
  return { read, losses: losses.toJSON(), head: source.head, all: [...losses] };
}

function file(name: string, bytes: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

describe("compression", () => {
  it("is seen through, and the head is that of the content", async () => {
    const { read, losses, head } = await all(gzipSync(text));
    expect(read.equals(text)).toBe(true);
    expect(Buffer.from(head).equals(text.subarray(0, 65536))).toBe(true);
    expect(losses).toEqual({});
  });

  it("is seen through twice, but not for ever", async () => {
    expect((await all(gzipSync(gzipSync(text)))).read.equals(text)).toBe(true);
    await expect(all(gzipSync(gzipSync(gzipSync(gzipSync(text)))))).rejects.toThrow(/compressed more than 3 times/);
  });

  it("may be several gzip members", async () => {
    expect((await all(Buffer.concat([gzipSync("ab"), gzipSync("cd")]))).read.toString()).toBe("abcd");
  });

  it("may be zstd", async () => {
    expect((await all(ZSTD)).read.toString()).toBe("hello zstd\n".repeat(1000));
  });

  it("that breaks off gives what there was", async () => {
    const random = noise(300_000);
    const packed = gzipSync(random);
    const { read, losses, all: kinds } = await all(packed.subarray(0, packed.length / 2));
    expect(read.length).toBeGreaterThan(10_000);
    expect(random.subarray(0, read.length).equals(read)).toBe(true);
    expect(losses).toEqual({ "truncated-compression": 1 });
    expect(kinds[0]!.first).toMatch(/^gzip byte \d+$/);
  });

  it("that is damaged gives what there was before", async () => {
    const random = noise(600_000);
    const packed = gzipSync(random);
    packed.fill(0xff, packed.length >> 1, (packed.length >> 1) + 400);
    const { read, losses } = await all(packed);
    expect(read.length).toBeGreaterThan(0);
    expect(losses).toEqual({ "damaged-compression": 1 });
  });

  it("that is nothing but a beginning is an error", async () => {
    await expect(all(gzipSync(text).subarray(0, 12))).rejects.toThrow(/the gzip data breaks off before its first data/);
    await expect(all(ZSTD.subarray(0, 8))).rejects.toThrow(/the zstd data breaks off/);
  });

  it("with a window of more than memory should hold is an error", async () => {
    const bytes = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 0xa8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    await expect(all(bytes)).rejects.toThrow(
      /window of 2048 MiB is more than gopages keeps in memory; unpack it first/,
    );
  });
});

describe("a file", () => {
  it("is read with progress, into a buffer of the reader's too", async () => {
    const source = await openBytes(file("plain", text));
    expect(source.progress()).toBeGreaterThan(0);
    const buffer = new Uint8Array(text.length + 10);
    let at = 0;
    for (let n = -1; n !== 0; at += n) n = await source.readInto!(buffer, at, Math.min(1000, buffer.length - at));
    expect(at).toBe(text.length);
    expect(Buffer.from(buffer.subarray(0, at)).equals(text)).toBe(true);
    expect(source.offset).toBe(text.length);
    expect(source.progress()).toBe(1);
    await source.close();
    await source.close();
  });

  it("that is not there, a folder, or empty is an error of one line", async () => {
    await expect(openBytes(join(folder, "nothing"))).rejects.toThrow(
      new InputError(`${folder}/nothing: no such file; check the path`),
    );
    await expect(openBytes(folder)).rejects.toThrow(new InputError(`${folder}: is a folder, not a file`));
    await expect(openBytes(file("empty", Buffer.alloc(0)))).rejects.toThrow(/empty: is empty; nothing was recorded$/);
    await expect(openBytes(file("empty.gz", gzipSync("")))).rejects.toThrow(/empty.gz: .*$/);
  });

  it.skipIf(process.getuid?.() === 0)("that may not be read is an error of one line", async () => {
    const path = file("secret", text);
    chmodSync(path, 0);
    await expect(openBytes(path)).rejects.toThrow(/permission denied/);
  });
});

describe("a bomb", () => {
  it("is stopped", async () => {
    // 1.25 GiB of zeros, 1029-fold.
    const members = Buffer.concat(Array(20).fill(gzipSync(Buffer.alloc(64 << 20), { level: 9 })));
    const source = await bytesSource(members);
    const drain = async () => {
      while (await source.read());
    };
    await expect(drain()).rejects.toThrow(/expands more than 1000-fold/);
  }, 60_000);
});
