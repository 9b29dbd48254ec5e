import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Bundle, defaultFolder } from "./bundle.ts";
import { capture } from "./capture.ts";
import { parseDuration } from "./duration.ts";
import { download, pprofBase } from "./fetch.ts";
import { withGodebug } from "./godebug.ts";
import { record } from "./record.ts";
import { StderrLog } from "./stderr-log.ts";

const GC = "gc 1 @0.012s 2%: 0.075+1.8+0.017 ms clock, 0.15+0.11/0.63/0+0.035 ms cpu, 4->4->1 MB, 4 MB goal, 2 P";
const linux = existsSync("/proc/self/status");
const trace = gunzipSync(
  readFileSync(path.join(import.meta.dirname, "..", "..", "fixtures", "bursts-1.22-plain", "trace.out.gz")),
);

let root = "";
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), "gopages-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

async function run(script: string, args: string[] = [], more: Partial<Parameters<typeof record>[0]> = {}) {
  const shown: Buffer[] = [];
  const folder = path.join(root, "bundle");
  const stderr = { write: (chunk: Uint8Array) => shown.push(Buffer.from(chunk)) > 0 };
  const recorded = await record({
    command: [process.execPath, "-e", script, "--", ...args],
    folder,
    env: { ...process.env, GODEBUG: undefined },
    addresses: false,
    intervalMs: 5,
    atMost: false,
    pprofBase: null,
    traceSeconds: 1,
    stderr: stderr as unknown as NodeJS.WritableStream,
    ...more,
  });
  const read = (name: string) => readFileSync(path.join(folder, name), "utf8");
  return { recorded, read, shown: Buffer.concat(shown).toString("utf8"), folder };
}

describe("record", () => {
  test("keeps the program's stderr visible, logs the runtime's lines, and hands on the exit code", async () => {
    const script = `process.stderr.write("prompt> "); setTimeout(() => {
      console.error("own line\\n${GC}\\nlast"); process.exitCode = 7; }, 100)`;
    const { recorded, read, shown, folder } = await run(script);
    expect(recorded.exitCode).toBe(7);
    expect(shown).toBe("prompt> own line\nlast\n");
    expect(read("gctrace.log")).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z prompt> own line$/m);
    expect(read("gctrace.log")).toContain(`Z ${GC}\n`);
    expect(JSON.parse(read("manifest.json"))).toMatchObject({ schema: "gopages/bundle/1", exitCode: 7 });
    expect(readdirSync(folder).sort()).toEqual(["gctrace.log", "manifest.json", ...(linux ? ["samples.csv"] : [])]);
  });

  test("the arguments reach the program letter by letter, never through a shell", async () => {
    const odd = ["$(touch pwned)", "; echo x", "a b", "", "'\"", "--json"];
    const { shown } = await run("console.error(JSON.stringify(process.argv.slice(1)))", odd);
    expect(JSON.parse(shown)).toEqual(odd);
  });

  test.skipIf(!linux)("samples RSS from outside on the program's clock", async () => {
    const script = "const b = Buffer.alloc(80 << 20, 1); setTimeout(() => b.length, 1500)";
    const { recorded, read } = await run(script);
    const [header, ...lines] = read("samples.csv").trimEnd().split("\n");
    expect(header).toMatch(/^t_ns,rss,/);
    expect(lines.length).toBeGreaterThan(10);
    const times = lines.map((line) => Number(line.split(",")[0]));
    expect(times).toEqual([...times].sort((a, b) => a - b));
    // From its start on, not from when there was time for it.
    expect(times[0]).toBeLessThan(1000e6);
    expect(recorded.peakRss).toBeGreaterThan(80 << 20);
    const columns = lines.map((line) => line.split(",").map(Number));
    expect(recorded.peakRss).toBe(Math.max(...columns.flatMap(([, rss, , , peak]) => [rss!, peak!])));
  });

  test("GODEBUG has what is needed, and keeps what the user set", async () => {
    const { shown } = await run("console.error(process.env.GODEBUG)", [], {
      addresses: true,
      env: { ...process.env, GODEBUG: "madvdontneed=1" },
    });
    expect(shown).toBe("madvdontneed=1,gctrace=1,scavtrace=1,traceallocfree=1\n");
    expect(withGodebug("gctrace=2", ["gctrace=1", "scavtrace=1"])).toBe("gctrace=2,scavtrace=1");
  });

  test("a trace that the program writes becomes the bundle's clock", async () => {
    const source = path.join(root, "source.out");
    writeFileSync(source, trace);
    const script = `setTimeout(() => require("fs").writeFileSync(process.env.GOPAGES_BUNDLE + "/trace.out",
      require("fs").readFileSync(${JSON.stringify(source)})), 200); setTimeout(() => {}, 400)`;
    const { recorded, read, folder } = await run(script);
    expect(recorded.files).toContain("trace.out");
    expect(existsSync(path.join(folder, "gctrace.log"))).toBe(false);
    if (linux) {
      const times = read("samples.csv")
        .trimEnd()
        .split("\n")
        .slice(1)
        .map((line) => Number(line.split(",")[0]));
      expect(times[0]).toBeGreaterThanOrEqual(0);
      // The file was made 200 ms after the start, at least: so much later is the new zero.
      expect(times.at(-1)).toBeLessThan(JSON.parse(read("manifest.json")).durationNs - 190e6);
    }
  });

  test("what can't be started is said in one line", async () => {
    await expect(run("", [], { command: ["./no-such-program"] })).rejects.toThrow("no such program");
    // ... and can be tried again.
    expect(existsSync(path.join(root, "bundle"))).toBe(false);
  });

  test("a program that says nothing leaves no empty files, and no time is counted that is not its own", async () => {
    const { recorded, read, folder } = await run("", [], { command: ["true"] });
    expect(readdirSync(folder).sort()).toEqual([
      "manifest.json",
      ...(recorded.files.length > 0 ? ["samples.csv"] : []),
    ]);
    expect(JSON.parse(read("manifest.json")).files).toEqual(recorded.files);
  });

  test("a folder that is not named is one of the time, and not one that is there", () => {
    const now = new Date(Date.UTC(2024, 4, 1, 10));
    const there = ["gopages-20240501-100000", "gopages-20240501-100000-2"];
    expect(defaultFolder(now, () => false)).toBe(there[0]);
    expect(defaultFolder(now, (name) => there.includes(name))).toBe("gopages-20240501-100000-3");
  });

  test("a folder with something in it is not written to", async () => {
    writeFileSync(path.join(root, "x"), "");
    await expect(Bundle.create(root)).rejects.toThrow("is not empty");
  });

  test("a folder below others that are not there is made with them; one that can't be made is one line", async () => {
    const folder = path.join(root, "a", "b");
    await Bundle.create(folder);
    expect(readdirSync(folder)).toEqual([]);
    writeFileSync(path.join(root, "file"), "");
    await expect(Bundle.create(path.join(root, "file", "b"))).rejects.toThrow("b: can't be written: no such folder");
    // Where Node's own mkdir, told to make those above, too, tries for ever.
    if (linux) await expect(Bundle.create("/proc/gopages")).rejects.toThrow("/proc/gopages: can't be written");
  });
});

test("signals reach the program, and its death by one is told as shells do", async () => {
  const script = "console.error('up'); setInterval(() => {}, 1000)";
  let asked = false;
  const stderr = {
    write: () => {
      // Only its listeners hear of it: the test runner itself is not to be stopped.
      if (!asked) process.emit("SIGUSR2", "SIGUSR2");
      asked = true;
      return true;
    },
  };
  const { recorded, read } = await run(script, [], { stderr: stderr as unknown as NodeJS.WritableStream });
  expect(recorded.exitCode).toBe(128 + 12);
  expect(JSON.parse(read("manifest.json")).exitCode).toBe(140);
  expect(process.listeners("SIGUSR2")).toEqual([]);
});

describe("the program's stderr", () => {
  function split(chunks: string[]) {
    const logged: string[] = [];
    let passed = "";
    const log = new StderrLog(
      (line) => logged.push(line),
      (bytes) => {
        passed += Buffer.from(bytes).toString("utf8");
      },
    );
    for (const chunk of chunks) log.write(Buffer.from(chunk));
    log.end();
    return { logged, passed };
  }

  test("is the same however it comes in pieces", () => {
    const text = `a\nscvg is my word\n${GC}\ngc is too\nno end`;
    const whole = split([text]);
    expect(whole.passed).toBe("a\nscvg is my word\ngc is too\nno end");
    expect(whole.logged).toEqual(text.split("\n"));
    expect(split([...text])).toEqual(whole);
  });

  test("of the program's own lines so many are logged, of the runtime's all", () => {
    const logged: string[] = [];
    let passed = "";
    const log = new StderrLog(
      (line) => logged.push(line),
      (bytes) => {
        passed += Buffer.from(bytes).toString("utf8");
      },
      false,
      10,
    );
    const text = ["first", "2nd", `${GC}`, "third", "last", `${GC}`, "end", ""].join("\n");
    log.write(Buffer.from(text));
    expect(log.cut).toBe(true);
    for (const byte of Buffer.from(text)) log.write(Buffer.of(byte));
    expect(logged).toEqual(["first", "2nd", GC, GC, GC, GC]);
    expect(log.runtimeLines).toBe(4);
    expect(passed).toBe("first\n2nd\nthird\nlast\nend\n".repeat(2));
  });

  test("a prompt without an end of line is shown at once", () => {
    let passed = "";
    const log = new StderrLog(
      () => {},
      (bytes) => {
        passed += Buffer.from(bytes).toString();
      },
    );
    log.write(Buffer.from("Password: "));
    expect(passed).toBe("Password: ");
  });
});

describe("capture", () => {
  let server: Server;
  const listen = async (handler: RequestListener): Promise<URL> => {
    server = createServer(handler).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    return pprofBase(`127.0.0.1:${(server.address() as AddressInfo).port}`);
  };
  afterEach(() => {
    server?.closeAllConnections();
    server?.close();
  });
  const options = { pid: linux ? process.pid : null, seconds: 1, intervalMs: 5, atMost: false };

  test("leaves a trace, a heap profile, samples and a manifest", async () => {
    const asked: string[] = [];
    const base = await listen((request, response) => {
      asked.push(request.url!);
      if (request.url!.includes("trace")) setTimeout(() => response.end(trace), 150);
      else response.end(gzipSync("profile"));
    });
    const folder = path.join(root, "b");
    const result = await capture({ ...options, folder, pprofBase: base, signal: new AbortController().signal });
    expect(result.missing).toEqual([]);
    expect(result.files).toEqual(["trace.out", "heap.pb.gz", ...(linux ? ["samples.csv"] : [])]);
    expect(readFileSync(path.join(folder, "trace.out")).equals(trace)).toBe(true);
    expect(asked).toEqual(["/debug/pprof/", "/debug/pprof/trace?seconds=1", "/debug/pprof/heap"]);
  });

  test("what breaks off is kept and said; an interrupt keeps it too", async () => {
    const base = await listen((request, response) => {
      if (!request.url!.includes("trace")) return void response.end("x");
      response.write(trace.subarray(0, 1000));
    });
    const stop = new AbortController();
    const folder = path.join(root, "b");
    const size = (): number => statSync(path.join(folder, "trace.out"), { throwIfNoEntry: false })?.size ?? 0;
    const timer = setInterval(() => size() === 1000 && stop.abort(), 10);
    stop.signal.addEventListener("abort", () => clearInterval(timer));
    const result = await capture({ ...options, folder, pprofBase: base, signal: stop.signal });
    expect(readFileSync(path.join(folder, "trace.out")).length).toBe(1000);
    expect(result.missing[0]).toContain("trace.out: broke off after 1000 bytes");
  });

  test("what is no trace and no profile is not taken for one", async () => {
    const base = await listen((_, response) => response.end("<html>every page is here</html>"));
    const folder = path.join(root, "b");
    const result = await capture({
      ...options,
      pid: null,
      folder,
      pprofBase: base,
      signal: new AbortController().signal,
    });
    expect(result.files).toEqual([]);
    expect(result.missing).toEqual([
      "trace.out: the server answers with something else; is it a net/http/pprof endpoint?",
      "heap.pb.gz: the server answers with something else; is it a net/http/pprof endpoint?",
    ]);
    expect(readdirSync(folder)).toEqual(["manifest.json"]);
  });

  test("what can't be written is said", async () => {
    const base = await listen((_, response) => response.end("x"));
    const file = path.join(root, "none", "trace.out");
    await expect(download(base, file, { maxBytes: 10 })).rejects.toThrow("trace.out: can't be written: no such folder");
  });

  test.skipIf(!linux)("of a process that ends there is no more to wait for", async () => {
    const child = spawn(process.execPath, ["-e", "setTimeout(() => {}, 1000)"]);
    const folder = path.join(root, "b");
    const { files } = await capture({
      ...options,
      pid: child.pid!,
      // Longer than a test may take.
      seconds: 3600,
      folder,
      pprofBase: null,
      signal: new AbortController().signal,
    });
    expect(files).toEqual(["samples.csv"]);
  });

  test("nothing there is one line, and no folder", async () => {
    const base = await listen(() => {});
    server.close();
    const folder = path.join(root, "b");
    await expect(
      capture({ ...options, folder, pprofBase: base, signal: new AbortController().signal }),
    ).rejects.toThrow("nothing listens there");
    expect(existsSync(folder)).toBe(false);
  });
});

test.each([
  ["localhost:6060", "http://localhost:6060/"],
  ["http://h/debug/pprof/heap?x=1", "http://h/"],
  ["https://h/app/debug/pprof/", "https://h/app"],
])("%s is the endpoint %s", (text, base) => {
  expect(pprofBase(text).href).toBe(base);
});

test("other schemes are refused", () => {
  expect(() => pprofBase("file:///etc/passwd")).toThrow("only http");
});

test.each([
  ["30s", 30],
  ["1m30s", 90],
  ["500ms", 0.5],
  ["10", 10],
  ["1h", 3600],
  ["s", null],
  ["-1s", null],
])("%s is %s seconds", (text, expected) => {
  expect(parseDuration(text)).toBe(expected);
});
