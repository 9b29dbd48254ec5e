import { mkdtempSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { goVersionOf } from "./go-version.ts";

/** Build info as the linker lays it down: magic, pointer size, flags, padding, length and version. */
function program(at: number, flags: number): string {
  const info = Buffer.alloc(64);
  info.write("\xff Go buildinf:", 0, "latin1");
  info[14] = 8;
  info[15] = flags;
  info[32] = 8;
  info.write("go1.26.4", 33, "latin1");
  const file = path.join(mkdtempSync(path.join(tmpdir(), "gopages-")), "program");
  writeFileSync(file, Buffer.concat([Buffer.alloc(at, 7), info, Buffer.alloc(5000)]));
  return file;
}

test.each([16, 5_000_000, (1 << 20) - 16, 1 << 20])("a Go program's version, its build info at byte %i", async (at) => {
  expect(await goVersionOf(await open(program(at, 2)))).toBe("go1.26.4");
});

/** An ELF file whose only segment lies at 0x400000: build info as before Go 1.18, or a symbol, tell where the version's string is. */
function elf({ info = false, symbol = "", version = "go1.16.15" }): string {
  const base = 0x400000n;
  const at = { header: 0, segments: 64, info: 128, string: 192, version: 256, sections: 320, symbols: 512, names: 600 };
  const file = Buffer.alloc(1024);
  file.write("\x7fELF\x02\x01", 0, "latin1");
  file.writeBigUInt64LE(BigInt(at.segments), 32);
  file.writeUInt16LE(1, 56);
  file.writeUInt32LE(1, at.segments);
  file.writeBigUInt64LE(base, at.segments + 16);
  file.writeBigUInt64LE(BigInt(file.length), at.segments + 32);
  file.writeBigUInt64LE(base + BigInt(at.version), at.string);
  file.writeBigUInt64LE(BigInt(version.length), at.string + 8);
  file.write(version, at.version);
  if (info) {
    file.write("\xff Go buildinf:", at.info, "latin1");
    file[at.info + 14] = 8;
    file.writeBigUInt64LE(base + BigInt(at.string), at.info + 16);
  }
  if (symbol) {
    // Sections: none, the symbols, their names.
    file.writeBigUInt64LE(BigInt(at.sections), 40);
    file.writeUInt16LE(3, 60);
    const section = (index: number, type: number, offset: number, size: number, link: number): void => {
      const start = at.sections + index * 64;
      file.writeUInt32LE(type, start + 4);
      file.writeBigUInt64LE(BigInt(offset), start + 24);
      file.writeBigUInt64LE(BigInt(size), start + 32);
      file.writeUInt32LE(link, start + 40);
    };
    const names = `\0main.main\0${symbol}\0`;
    section(1, 2, at.symbols, 48, 2);
    section(2, 3, at.names, names.length, 0);
    file.writeUInt32LE(1, at.symbols);
    file.writeUInt32LE(names.indexOf(symbol), at.symbols + 24);
    file.writeBigUInt64LE(base + BigInt(at.string), at.symbols + 24 + 8);
    file.write(names, at.names, "latin1");
  }
  const name = path.join(mkdtempSync(path.join(tmpdir(), "gopages-")), "program");
  writeFileSync(name, file);
  return name;
}

test("of a program before Go 1.18 build info tells where it is, before Go 1.13 the runtime's symbol", async () => {
  expect(await goVersionOf(await open(elf({ info: true })))).toBe("go1.16.15");
  expect(await goVersionOf(await open(elf({ symbol: "runtime.buildVersion", version: "go1.12.17" })))).toBe(
    "go1.12.17",
  );
});

test("no version where there is none to read", async () => {
  expect(await goVersionOf(await open(elf({})))).toBeNull();
  expect(await goVersionOf(await open(elf({ symbol: "runtime.other" })))).toBeNull();
  expect(await goVersionOf(await open(elf({ info: true, version: "" })))).toBeNull();
  expect(await goVersionOf(await open(program(16, 0)))).toBeNull();
  expect(await goVersionOf(await open(process.execPath))).toBeNull();
});
