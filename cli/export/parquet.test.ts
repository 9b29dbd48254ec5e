import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fakeResult } from "../testing/fake-result.ts";
import { runMain } from "../testing/host.ts";
import { TIMELINE_COLUMNS } from "./rows.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), "gopages-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("DuckDB reads what parquet says, over several groups of rows", async () => {
  const result = fakeResult({ rows: 120_000 });
  result.timeline[5]!.heapGoal = Number.POSITIVE_INFINITY;
  result.timeline[6]!.heapGoal = null;
  const file = path.join(folder, "run.parquet");
  const run = await runMain(["export", "--to", "parquet", "--samples", "all", "-o", file, "-"], { result });
  expect(run).toEqual({ code: 0, stdout: "", stderr: "" });

  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  const rows = await connection.runAndReadAll(`SELECT * FROM '${file}'`);
  expect(rows.columnNames()).toEqual([...TIMELINE_COLUMNS]);
  const columns = rows.getColumnsObject();
  for (const name of TIMELINE_COLUMNS) {
    expect(columns[name]).toEqual(result.timeline.map((row) => row[name] ?? null));
  }
  const peak = await connection.runAndReadAll(`SELECT max(rss), count(*) FROM '${file}' WHERE t >= 0`);
  expect(peak.getRows()).toEqual([[result.summary.peakRss, 120_000n]]);
});
