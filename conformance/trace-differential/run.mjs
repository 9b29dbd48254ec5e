// Holds gopages' reader of Go 1.22+ traces against Go's own (internal/trace): the same events, in the same order, at the same
// times, on the same Ps. Needs a GOROOT of Go 1.27 or later and a built dist/.
//
//	node conformance/trace-differential/run.mjs [--counts fixtures/trace-counts.json] GOROOT trace.out...
//
// Two things are compared differently: the snapshot at the start (gopages delivers it sorted), and gc-sweep-done, which the
// trace does not have (checked: no span of the cycle is swept after it).
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

const here = import.meta.dirname;
const dist = resolve(process.env.GOPAGES_DIST ?? join(here, "../../dist"));
const { openInput } = await import(join(dist, "parsers/open.js"));
const { openBytes } = await import(join(dist, "parsers/source.js"));
const { EVENT_NAMES, NO_ADDR } = await import(join(dist, "parsers/events.js"));
const { STW_REASONS } = await import(join(dist, "parsers/trace/stw-reasons.js"));

const argv = process.argv.slice(2);
/** Where to write how many events of each kind every trace has, for the tests (which have no Go). */
const countsFile = argv[0] === "--counts" ? argv.splice(0, 2)[1] : null;
const counts = {};
const [goroot, ...traces] = argv;
if (!goroot || traces.length === 0) {
  console.error("usage: run.mjs [--counts counts.json] GOROOT trace.out...");
  process.exit(2);
}
const work = mkdtempSync(join(tmpdir(), "gopages-differential-"));
process.on("exit", () => rmSync(work, { recursive: true, force: true }));

const dump = join(work, "dump");
{
  const overlay = join(work, "overlay.json");
  const virtual = join(resolve(goroot), "src/internal/trace/internal/gopagesdump/dump.go");
  writeFileSync(overlay, JSON.stringify({ Replace: { [virtual]: join(here, "dump.go") } }));
  // An overlay must not touch the module cache, where downloaded toolchains lie: it is said to be elsewhere.
  const env = {
    ...process.env,
    GOROOT: resolve(goroot),
    GOTOOLCHAIN: "local",
    GOMODCACHE: join(work, "mod"),
    GO111MODULE: "off",
  };
  const args = ["build", "-overlay", overlay, "-o", dump, "internal/trace/internal/gopagesdump"];
  const built = spawnSync(join(goroot, "bin/go"), args, { env, cwd: work, stdio: "inherit" });
  if (built.status !== 0 || !existsSync(dump)) process.exit(1);
}

let failed = 0;
for (const trace of traces) {
  const problem = await compare(trace);
  if (problem.startsWith("ok")) console.log(`${trace}: ${problem}`);
  else {
    failed++;
    console.log(`${trace}: DIFFERS ${problem}`);
  }
}
if (countsFile && failed === 0) writeFileSync(countsFile, `${JSON.stringify(counts, null, 2)}\n`);
process.exit(failed > 0 ? 1 : 0);

async function compare(path) {
  const go = goEvents(path);
  const source = await openInput(path);
  const ours = ourEvents(source);
  let n = 0;
  let offset = null;
  let sweepDone = false;
  const live = { go: [], ours: [] };
  const totals = {};
  try {
    for (;;) {
      let g = await next(go);
      while (g?.kind.endsWith("-live") && g.kind !== "heap-live") {
        live.go.push(`${g.kind} ${g.a} ${g.b} ${g.text}`);
        g = await next(go);
      }
      let o = await next(ours);
      while (o && ((o.kind.endsWith("-live") && o.kind !== "heap-live") || o.kind === "gc-sweep-done")) {
        if (o.kind === "gc-sweep-done") sweepDone = true;
        else live.ours.push(liveLine(o, source.info));
        o = await next(ours);
      }
      if (g?.kind === "error")
        return `Go's reader stops: ${g.text.slice(0, 200)}; gopages: ${JSON.stringify(source.losses)}`;
      if (!g || !o) {
        if (g || o) return `event ${n}: Go ${g ? text(g) : "is at its end"}, gopages ${o ? text(o) : "is at its end"}`;
        break;
      }
      if (o.kind === "gc-mark-termination") sweepDone = false;
      // A P may still have to say that its last sweep has ended; none may begin.
      if (sweepDone && o.kind === "sweep-begin") return `event ${n}: sweeping after gc-sweep-done`;
      const difference = differs(g, o, source.info);
      if (difference) return `event ${n} (${difference}): Go ${text(g)}, gopages ${text(o)}`;
      if (o.t > 0) {
        offset ??= g.t - BigInt(o.t);
        if (g.t - BigInt(o.t) !== offset)
          return `event ${n}: time ${g.t - BigInt(o.t) - offset} ns apart: Go ${text(g)}, gopages ${text(o)}`;
      }
      totals[o.kind] = (totals[o.kind] ?? 0) + 1;
      n++;
    }
    if (live.go.length !== live.ours.length)
      return `snapshot: Go ${live.go.length}, gopages ${live.ours.length} events`;
    const sortedOurs = [...live.ours].sort();
    const at = live.go.sort().findIndex((line, i) => line !== sortedOurs[i]);
    if (at >= 0) return `snapshot: Go "${live.go[at]}", gopages "${sortedOurs[at]}"`;
    const losses = JSON.stringify(source.losses);
    for (const line of live.ours) totals[line.split(" ")[0]] = (totals[line.split(" ")[0]] ?? 0) + 1;
    counts[basename(dirname(path))] = Object.fromEntries(Object.entries(totals).sort());
    const also = losses === "{}" ? "" : `; losses ${losses}`;
    return `ok, ${n} events and ${live.ours.length} of the snapshot${also}`;
  } finally {
    await source.close();
    go.return?.();
  }

  function text(e) {
    return Object.values(e).join(" ");
  }

  function liveLine(o, info) {
    const base = BigInt(info.minHeapAddr);
    const unit = { "span-live": 8192n, "object-live": 8n, "stack-live": 2048n }[o.kind];
    const id = BigInt.asUintN(64, BigInt(o.addr) - base) / unit;
    if (o.kind === "span-live") return `${o.kind} ${id} ${o.size} ${classOf(o.aux)}`;
    if (o.kind === "stack-live") return `${o.kind} ${id} ${Math.log2(o.size) + 1} `;
    return `${o.kind} ${id} ${o.size} ${info.types.get(o.aux)?.name ?? ""}`;
  }

  function classOf(aux) {
    return aux < 0 ? 1 : aux * 2;
  }

  function differs(g, o, info) {
    if (g.kind !== o.kind) return "kind";
    if (g.p !== o.p) return "P";
    const a = BigInt(g.a);
    const relative = (unit) => BigInt.asUintN(64, BigInt(o.addr) - BigInt(info.minHeapAddr)) / unit !== a;
    switch (o.kind) {
      case "span-alloc":
        return (relative(8192n) || o.size !== g.b || String(classOf(o.aux)) !== g.text) && "span";
      case "span-free":
        return relative(8192n) && "span";
      case "object-alloc":
        return (relative(8n) || o.size !== g.b || (info.types.get(o.aux)?.name ?? "") !== g.text) && "object";
      case "object-free":
        return relative(8n) && "object";
      case "stack-alloc":
        return (relative(2048n) || 2 ** (g.b - 1) !== o.size) && "stack";
      case "stack-free":
        return relative(2048n) && "stack";
      case "heap-live":
      case "procs":
        return BigInt(o.size) !== a && "value";
      case "heap-goal":
        return (o.size === Infinity ? a !== 0n && a < 2n ** 60n : BigInt(o.size) !== a) && "value";
      case "sweep-end":
        return (BigInt(o.size) !== a || o.addr !== g.b) && "value";
      case "gc-work":
        // An assist that was under way at the start: gopages counts from its time zero.
        return (BigInt(o.size) !== a || o.aux !== g.b) && o.t !== 0 && "work";
      case "stw-begin":
      case "stw-end":
        return STW_REASONS[o.aux] !== g.text && "reason";
      case "note":
        return info.strings[o.aux] !== g.text && "text";
      default:
        return o.addr !== NO_ADDR && "address";
    }
  }
}

async function next(iterator) {
  const { done, value } = await iterator.next();
  return done ? null : value;
}

async function* goEvents(path) {
  const bytes = await openBytes(path);
  const child = spawn(dump, { stdio: ["pipe", "pipe", "inherit"] });
  async function* pieces() {
    for (let piece = await bytes.read(); piece; piece = await bytes.read()) yield piece;
  }
  pipeline(Readable.from(pieces()), child.stdin).catch(() => {});
  let buffer = [];
  for await (const line of createInterface({ input: child.stdout, crlfDelay: Infinity })) {
    if (line.startsWith("end ")) continue;
    if (line.startsWith("error ")) {
      buffer.push({ kind: "error", text: line });
    } else {
      const [kind, t, p, a, b, ...rest] = line.split("\t");
      buffer.push({ kind, t: BigInt(t), p: Number(p), a, b: Number(b), text: rest.join("\t") });
    }
    if (buffer.length >= 4096) {
      yield* buffer;
      buffer = [];
    }
  }
  yield* buffer;
  await bytes.close();
}

async function* ourEvents(source) {
  for await (const { length, kind, time, p, addr, size, aux } of source.batches()) {
    const events = [];
    for (let i = 0; i < length; i++) {
      events.push({ kind: EVENT_NAMES[kind[i]], t: time[i], p: p[i], addr: addr[i], size: size[i], aux: aux[i] });
    }
    yield* events;
  }
}
