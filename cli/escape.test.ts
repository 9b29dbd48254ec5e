import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { codeSpan, escapeMarkdown, escapeText, safeJson } from "./escape.ts";

test.each([
  ["plain text, äöü 漢字 👍", "plain text, äöü 漢字 👍"],
  ["\x1b]0;title\x07", "\\x1b]0;title\\x07"],
  ["a\nb\tc\rd", "a\\nb\\tc\\rd"],
  ["csi \x9b31m", "csi \\x9b31m"],
  ["abc\u202edcba", "abc\\u202edcba"],
  ["\u2066x\u2069\u200f", "\\u2066x\\u2069\\u200f"],
  ["tag \u{e0041}", "tag \\u{e0041}"],
  ["half \ud800 pair", "half \\ud800 pair"],
])("%j is shown as %j", (text, shown) => {
  expect(escapeText(text)).toBe(shown);
});

test("nothing that a terminal obeys gets through", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      expect(escapeText(text)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
    }),
  );
});

test("JSON is safe to show and keeps its value", () => {
  const value = { path: "\x1b[31m\x9b\u202e\u{e0041}\ud800 ok", lines: "a\nb" };
  for (const text of [safeJson(value), safeJson(value, 2)]) {
    expect(JSON.parse(text)).toEqual(value);
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
  }
});

describe("Markdown", () => {
  it.each([
    ["*a* _b_ `c`", "\\*a\\* \\_b\\_ \\`c\\`"],
    ["<img src=x> &amp;", "&lt;img src=x&gt; &amp;amp;"],
    ["a|b", "a\\|b"],
    ["@octocat #1 ~x~ $y$", "&#64;octocat \\#1 \\~x\\~ \\$y\\$"],
    ["\u001b[31m", "\\\\x1b\\[31m"],
  ])("%j shows as it is", (text, escaped) => {
    expect(escapeMarkdown(text)).toBe(escaped);
  });

  it("a code span holds backticks and bars of a table", () => {
    expect(codeSpan("a b")).toBe("`a b`");
    expect(codeSpan("a`b|c")).toBe("`` a`b\\|c ``");
    expect(codeSpan("``x`")).toBe("``` ``x` ```");
  });
});
