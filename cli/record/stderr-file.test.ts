import { spawnSync } from "node:child_process";
import {
  fstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Writable } from "node:stream";
import { expect, test } from "vitest";
import { StderrFile } from "./stderr-file.ts";

const GC = "gc 1 @0.012s 2%: 0.075+1.8+0.017 ms clock, 0.15+0.11/0.63/0+0.035 ms cpu, 4->4->1 MB, 4 MB goal, 2 P";

function setUp(out?: Writable, givenBack?: number) {
  const folder = mkdtempSync(path.join(tmpdir(), "gopages-"));
  const shown: string[] = [];
  const sink =
    out ??
    new Writable({
      write(chunk, _, done) {
        shown.push(String(chunk));
        done();
      },
    });
  const log = path.join(folder, "log");
  return { folder, shown, file: new StderrFile(path.join(folder, "raw"), log, sink, false, givenBack), log };
}

test("lines that were written piece by piece are read when they are whole", async () => {
  const { folder, file, shown, log } = setUp();
  for (const piece of ["own\n", GC.slice(0, 30)]) writeSync(file.fd, piece);
  expect(file.poll()).toBe(true);
  expect(readFileSync(log, "utf8")).toMatch(/^\S+Z own\n$/);
  for (const piece of [GC.slice(30), "\nhalf"]) writeSync(file.fd, piece);
  file.poll();
  expect(shown.join("")).toBe("own\nhalf");
  await file.end();
  expect(readFileSync(log, "utf8")).toMatch(/^\S+Z own\n\S+Z gc 1 @0.012s .* 2 P\n\S+Z half\n$/);
  expect(file.runtimeLines).toBe(1);
  expect(readdirSync(folder)).toEqual(["log"]);
});

test("a line has the time at which it was written, not that at which it was read", async () => {
  const { file, log } = setUp();
  const before = Date.now();
  writeSync(file.fd, `${GC}\n`);
  const after = Date.now();
  await new Promise((resolve) => setTimeout(resolve, 300));
  await file.end();
  const time = Date.parse(readFileSync(log, "utf8").split(" ")[0]!);
  // Files' times are those of the system's last tick.
  expect(time).toBeGreaterThan(before - 20);
  expect(time).toBeLessThanOrEqual(after);
});

test("much is read in pieces, and no more than the reader of it takes", async () => {
  let release = (): void => {};
  let bytes = 0;
  let most = 0;
  const slow: Writable = new Writable({
    highWaterMark: 1 << 16,
    write(chunk, _, done) {
      bytes += chunk.length;
      most = Math.max(most, slow.writableLength);
      release = done;
    },
  });
  const { file } = setUp(slow);
  const line = `${"x".repeat(999)}\n`;
  writeSync(file.fd, line.repeat(10_000));
  expect(file.poll()).toBe(false);
  expect(file.poll()).toBe(false);
  expect(most).toBeLessThan(1 << 18);
  const timer = setInterval(() => release(), 1);
  await file.end();
  slow.end();
  await new Promise((resolve) => slow.once("finish", resolve));
  clearInterval(timer);
  expect(bytes).toBe(10_000_000);
});

test.skipIf(process.platform !== "linux")("a file that a shell emptied is read from its start again", async () => {
  const { file, shown } = setUp();
  writeSync(file.fd, "a long line before\n");
  file.poll();
  truncateSync(`/proc/self/fd/${file.fd}`);
  file.poll();
  writeSync(file.fd, "after\n");
  await file.end();
  expect(shown.join("")).toBe("a long line before\nafter\n");
});

test("who writes on when the program has ended is not waited for", async () => {
  const { file, shown } = setUp();
  // More than is read at one go.
  writeSync(file.fd, "the program\n".repeat(1 << 19));
  const ended = file.end();
  // From now on it is somebody else.
  writeSync(file.fd, "another\n");
  await ended;
  expect(shown.join("")).toBe("the program\n".repeat(1 << 19));
});

test("nothing said leaves no log", async () => {
  const { folder, file } = setUp();
  await file.end();
  expect(readdirSync(folder)).toEqual([]);
});

/** Whether holes can be made here: the file system and a program of the system's have to know how. */
function canGiveBack(): boolean {
  const file = path.join(mkdtempSync(path.join(tmpdir(), "gopages-")), "file");
  writeFileSync(file, Buffer.alloc(1 << 16, 1));
  const { status } = spawnSync("fallocate", ["--punch-hole", "--offset", "0", "--length", String(1 << 16), file]);
  return status === 0 && statSync(file).blocks === 0;
}

test.runIf(canGiveBack())("the disk gets back the room of what has been read", async () => {
  const MIB = 1 << 20;
  const { file, shown } = setUp(undefined, MIB);
  for (let i = 0; i < 8; i++) {
    writeSync(file.fd, `${"x".repeat(MIB - 1)}\n`);
    file.poll();
    file.poll();
  }
  // All but what is read between two holes.
  await expect.poll(() => file.poll() && fstatSync(file.fd).blocks * 512, { timeout: 20_000 }).toBeLessThan(MIB);
  writeSync(file.fd, "end\n");
  await file.end();
  expect(shown.join("").length).toBe(8 * MIB + 4);
});
