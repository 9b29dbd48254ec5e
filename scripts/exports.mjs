// Holds exports against the programs that they are for, which the tests do without: `go tool pprof` (needs Go) and the
// definitions that Perfetto publishes (needs Python with `pip install perfetto`).
//
//	npm run build && npm run exports
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";

const root = path.dirname(import.meta.dirname);
const cli = path.join(root, process.env.GOPAGES_DIST ?? "dist", "cli/main.js");
const trace = path.join(root, "fixtures/bursts-1.27/trace.out");
const folder = mkdtempSync(path.join(tmpdir(), "gopages-exports-"));
let failed = false;

function run(file, args) {
  const { status, stdout, stderr, error } = spawnSync(file, args, { encoding: "utf8" });
  return { ok: status === 0, missing: error?.code === "ENOENT", text: `${stdout ?? ""}${stderr ?? ""}` };
}

function report(what, { ok, missing, text }, expected) {
  const good = ok && expected.test(text);
  const absent = missing || /No module named/.test(text);
  if (!good && !absent) failed = true;
  console.log(`${what}: ${good ? "ok" : absent ? "left out, not installed" : `failed\n${text}`}`);
}

function exported(name) {
  const file = path.join(folder, name);
  const { ok, text } = run(process.execPath, [cli, "export", "--to", name, "-o", file, "--no-progress", trace]);
  if (!ok) throw new Error(text);
  return file;
}

report(
  "pprof",
  run("go", ["tool", "pprof", "-top", "-sample_index=peak_rss", exported("pprof")]),
  /live at the last GC/,
);

const PYTHON = `
import sys
from google.protobuf.unknown_fields import UnknownFieldSet
from perfetto.protos.perfetto.trace.perfetto_trace_pb2 import Trace
trace = Trace()
trace.ParseFromString(open(sys.argv[1], "rb").read())
def unknown(message):
    count = len(UnknownFieldSet(message))
    for field, value in message.ListFields():
        if field.message_type:
            for one in [value] if hasattr(value, "DESCRIPTOR") else value:
                count += unknown(one)
    return count
tracks = {p.track_descriptor.uuid for p in trace.packet if p.HasField("track_descriptor")}
lost = [p for p in trace.packet if p.HasField("track_event") and p.track_event.track_uuid not in tracks]
print(len(trace.packet) > 100, unknown(trace), len(lost))
`;
report("perfetto", run("python3", ["-c", PYTHON, exported("perfetto")]), /^True 0 0$/m);

rmSync(folder, { recursive: true, force: true });
process.exit(failed ? 1 : 0);
