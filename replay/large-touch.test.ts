import { describe, expect, it } from "vitest";
import { LargeTouch } from "./large-touch.ts";
import { TouchedPages } from "./touched.ts";

const BASE = 0xc000000000;
const PAGES = 16;
const SIZE = PAGES * 8192;

function setUp(scavengedIsClean: boolean) {
  const touched = new TouchedPages(4096);
  return { touched, large: new LargeTouch(touched, scavengedIsClean) };
}

describe("LargeTouch", () => {
  it("assumes that fresh memory is written to, and knows that reused memory was zeroed", () => {
    const { touched, large } = setUp(true);
    large.objectAlloc(BASE, PAGES);
    large.spanAlloc(BASE, PAGES);
    expect([touched.bytes, touched.assumed]).toEqual([SIZE, SIZE]);
    large.objectAlloc(BASE, PAGES);
    expect([touched.bytes, touched.assumed]).toEqual([SIZE, 0]);
  });

  it.each([
    [true, SIZE],
    [false, 0],
  ])("returned memory is clean again only from 1.26 on (%s)", (scavengedIsClean, assumed) => {
    const { touched, large } = setUp(scavengedIsClean);
    large.spanAlloc(BASE, PAGES);
    touched.touch(BASE, SIZE);
    touched.release(BASE, SIZE);
    large.objectAlloc(BASE, PAGES);
    expect([touched.bytes, touched.assumed]).toEqual([SIZE, assumed]);
  });
});
