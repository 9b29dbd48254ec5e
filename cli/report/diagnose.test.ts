import { describe, expect, it } from "vitest";
import type { CauseVerdict, Diagnosis } from "../../replay/diagnose/diagnose.ts";
import { diagnoseJson, diagnoseMarkdown, diagnoseReport } from "./diagnose.ts";

const PLAIN = { columns: 80, rows: 24, color: 0, unicode: true, interactive: false } as unknown as Parameters<
  typeof diagnoseReport
>[1];

/** What a hostile recording or file name would like to have obeyed. */
const HOSTILE = "a|b`c`<img src=x>\u001b[31m@octocat #1 *x* _y_ [l](u) ~z~ $m$ &lt;\n# h\u202e";

const cause = (id: string, verdict: CauseVerdict["verdict"], bytes = 0): CauseVerdict => ({
  id,
  number: 1,
  title: `Title of ${id}`,
  verdict,
  bytes,
  evidence: [{ text: `seen in ${HOSTILE}`, source: HOSTILE }],
  advice: verdict === "present" ? "Do this." : "",
  ...(verdict === "not-enough-data" ? { capture: "cat /proc/PID/status > status.txt" } : {}),
});

const MIB = 2 ** 20;
const DIAGNOSIS: Diagnosis = {
  inputs: [{ path: HOSTILE, format: "memstats", goVersion: null, evidence: "exact", events: 1, losses: {} }],
  goVersion: "Go 1.27.0",
  scale: { bytes: 100 * MIB, is: "measured RSS at its peak" },
  rssPeak: 100 * MIB,
  rssFinal: 60 * MIB,
  durationNs: 2e9,
  ledger: [
    {
      moment: "peak",
      t: 1e9,
      rss: 100 * MIB,
      measured: true,
      modelled: false,
      parts: [
        { id: "stacks", label: "stacks", bytes: 70 * MIB, evidence: "exact", uncertainty: 0, basis: "" },
        { id: "unexplained", label: "unexplained", bytes: 30 * MIB, evidence: "inferred", uncertainty: 0, basis: "" },
      ],
    },
    { moment: "end", t: 2e9, rss: 60 * MIB, measured: true, modelled: false, parts: [] },
  ],
  causes: [
    cause("stacks", "present", 70 * MIB),
    cause("cgo-memory", "not-enough-data"),
    cause("lazy-free", "ruled-out"),
  ],
  sites: {
    source: HOSTILE,
    total: 50 * MIB,
    sites: [
      {
        function: `main.f[go.shape.${HOSTILE}]`,
        file: "/src/f.go",
        line: 7,
        caller: "main.g",
        bytes: 40 * MIB,
        objects: 12,
      },
    ],
  },
  notes: [{ level: "info", text: `note on ${HOSTILE}` }],
  partial: false,
};

const CONTROLS = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/;

describe("diagnose reports", () => {
  it("as text", () => {
    const text = diagnoseReport(DIAGNOSIS, PLAIN, false);
    expect(text).not.toMatch(CONTROLS);
    expect(text).toMatchSnapshot();
  });

  it("as Markdown that shows hostile names as they are", () => {
    const text = diagnoseMarkdown(DIAGNOSIS);
    expect(text).not.toMatch(CONTROLS);
    expect(text).toMatchSnapshot();
    // Outside code spans no tag, mention, link or formula is left unescaped.
    const outside = text.replaceAll(/(`+) ?.*?\1/g, "");
    expect(outside).not.toMatch(/(?<!\\)[<>[\]~$]|@/);
    // Each row of a table has as many cells as its head.
    for (const block of text.split("\n\n")) {
      const rows = block.split("\n").filter((line) => line.startsWith("|"));
      const cells = rows.map((row) => row.replaceAll("\\|", "").split("|").length);
      expect(new Set(cells).size).toBeLessThanOrEqual(1);
    }
  });

  it("as one JSON document, causes in order, nothing that a terminal obeys", () => {
    const text = diagnoseJson(DIAGNOSIS);
    expect(text).not.toMatch(CONTROLS);
    const document = JSON.parse(text);
    expect(Object.keys(document)).toEqual(expect.arrayContaining(["schema", "answer", "ledger", "causes", "sites"]));
    expect(document.schema).toBe("gopages/diagnose/1");
    expect(document.causes[0].evidence[0].source).toBe(HOSTILE);
  });

  it("evidence of one moment has one ledger", () => {
    const [peak] = DIAGNOSIS.ledger;
    const text = diagnoseReport({ ...DIAGNOSIS, ledger: [peak!, { ...peak!, moment: "end" }] }, PLAIN, false);
    expect(text.match(/RSS at the peak/g)).toHaveLength(1);
    expect(text).toContain("RSS at the peak and at the end, 1.00 s: 100 MiB =");
  });
});
