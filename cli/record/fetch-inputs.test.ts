import { existsSync, readFileSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { fakeResult } from "../testing/fake-result.ts";
import { runMain } from "../testing/host.ts";
import { fetchInputs, pagesOf, withUrls } from "./fetch-inputs.ts";

let server: Server | null = null;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

async function serve(listener: RequestListener): Promise<string> {
  server = createServer(listener).listen(0, "127.0.0.1");
  await new Promise((resolve) => server!.once("listening", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test("a page is what its URL names; a service is a trace and a heap profile", () => {
  const of = (url: string) => pagesOf(url).map(({ href }) => href);
  expect(of("http://h:1/debug/pprof/heap")).toEqual(["http://h:1/debug/pprof/heap"]);
  expect(of("http://h:1/debug/pprof/trace?seconds=5")).toEqual(["http://h:1/debug/pprof/trace?seconds=5"]);
  expect(of("http://h:1/debug/vars")).toEqual(["http://h:1/debug/vars"]);
  const service = ["trace?seconds=10", "heap"].map((page) => `http://h:1/debug/pprof/${page}`);
  expect(of("http://h:1")).toEqual(service);
  expect(of("http://h:1/debug/pprof/")).toEqual(service);
  expect(of("http://h:1/svc/debug/pprof")[0]).toBe("http://h:1/svc/debug/pprof/trace?seconds=10");
});

describe("an input that is a URL", () => {
  test("is fetched, read as a file, and gone afterwards", async () => {
    const base = await serve((request, response) => response.end(`served ${request.url}`));
    let seen: string[] = [];
    let contents: string[] = [];
    const run = await runMain(["replay", "--plain", `${base}/debug/pprof/heap?gc=1`, "gc.log"], {
      onReplay(paths) {
        seen = paths;
        contents = paths.slice(0, 1).map((path) => readFileSync(path, "utf8"));
      },
    });
    expect(run).toMatchObject({ code: 0, stderr: "" });
    expect(contents).toEqual(["served /debug/pprof/heap?gc=1"]);
    expect(seen[1]).toBe("gc.log");
    expect(existsSync(seen[0]!)).toBe(false);
  });

  test.each<[string, RequestListener, string]>([
    [
      "redirects elsewhere",
      (_, response) => response.writeHead(302, { location: "http://127.0.0.2:1/x" }).end(),
      "is not followed",
    ],
    ["is not there", (_, response) => response.writeHead(404).end(), "answers 404"],
    ["is empty", (_, response) => response.end(), "answers with nothing"],
  ])("that %s is one line and exit code 3", async (_, listener, message) => {
    const base = await serve(listener);
    const run = await runMain([`${base}/debug/pprof/heap`]);
    expect(run).toMatchObject({ code: 3, stdout: "" });
    expect(run.stderr).toMatch(/^gopages: http:[^\n]*\n$/);
    expect(run.stderr).toContain(message);
  });

  test("that breaks off is used as far as it came, and said", async () => {
    const base = await serve((_, response) => {
      response.writeHead(200, { "content-length": "100" });
      response.write("part", () => response.destroy());
    });
    const said: string[] = [];
    const fetched = await fetchInputs([`${base}/x`], (text) => said.push(text), new AbortController().signal);
    expect(readFileSync(fetched.inputs[0]!, "utf8")).toBe("part");
    expect(said.join()).toContain("broke off after 4 bytes");
    await fetched.close();
    expect(existsSync(fetched.inputs[0]!)).toBe(false);
  });

  test("nobody answers at is given up when the user says so", async () => {
    const base = await serve(() => {});
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 50);
    await expect(fetchInputs([`${base}/x`], () => {}, stop.signal)).rejects.toMatchObject({ name: "AbortError" });
  });
});

test("the result names the URL, not the file that is gone", () => {
  const result = fakeResult({ path: "/tmp/x/0-heap" });
  result.notes.push({ level: "info", text: "/tmp/x/0-heap: no version" });
  const { inputs, notes } = withUrls(result, new Map([["/tmp/x/0-heap", "http://h:1/debug/pprof/heap"]]));
  expect(inputs[0]!.path).toBe("http://h:1/debug/pprof/heap");
  expect(notes.at(-1)!.text).toBe("http://h:1/debug/pprof/heap: no version");
});

test("what a recorded program is given is its own affair", async () => {
  let asked = 0;
  const base = await serve((_, response) => {
    asked++;
    response.end("x");
  });
  const run = await runMain(["record", "-o", "/dev/null/no", "--", "/no/such/program", `${base}/x`]);
  expect(run.code).not.toBe(0);
  expect(asked).toBe(0);
});
