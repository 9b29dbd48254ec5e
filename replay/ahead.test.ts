import { expect, test } from "vitest";
import { rssAhead } from "./ahead.ts";

const MIB = 2 ** 20;
const SECOND = 1e9;

/** A cycle a second from `at` on; live and goal in MiB. */
function log(count: number, live: (i: number) => number, prefix = "", at = 70_000): string[] {
  return Array.from({ length: count }, (_, i) => {
    const mb = Math.round(live(i));
    return `${prefix}gc ${i + 500} @${(at + i).toFixed(3)}s 2%: 0.07+1.8+0.01 ms clock, 0.1+0.1/0.6/0+0.03 ms cpu, ${mb * 2}->${mb * 2}->${mb} MB, ${mb * 2} MB goal, 1 MB stacks, 0 MB globals, 2 P`;
  });
}

test("a steady load stays where it is: about its goal, with what is no heap", async () => {
  const ahead = (await rssAhead(
    log(60, () => 50, "2024/01/01 12:00:00 svc: "),
    60 * SECOND,
  ))!;
  expect(ahead.growth).toBe(0);
  expect(ahead.peak).toBeGreaterThan(100 * MIB);
  expect(ahead.peak).toBeLessThan(130 * MIB);
  expect(Math.abs(ahead.peak - ahead.now)).toBeLessThan(25 * MIB);
  expect(ahead.low).toBeLessThan(ahead.peak);
  expect(ahead.high).toBeGreaterThan(ahead.peak);
});

test("a heap that grows steadily goes on growing", async () => {
  // 1 MiB a second: in a minute 60 MiB more live, and as much room above it.
  const ahead = (await rssAhead(
    log(60, (i) => 40 + i),
    60 * SECOND,
  ))!;
  expect(ahead.growth / MIB).toBeCloseTo(1, 1);
  expect(ahead.peak).toBeGreaterThan(ahead.now + 90 * MIB);
  expect(ahead.peak).toBeLessThan(ahead.now + 130 * MIB);
});

test("a heap that goes up and down is expected to do so again", async () => {
  const wave = (i: number): number => (Math.floor(i / 5) % 2 === 0 ? 10 : 40);
  // The recording ends in the low; soon the high comes again.
  const ahead = (await rssAhead(log(35, wave), 20 * SECOND))!;
  expect(ahead.growth).toBe(0);
  expect(ahead.peak).toBeGreaterThan(75 * MIB);
});

test("too few cycles, or none, say nothing", async () => {
  expect(
    await rssAhead(
      log(2, () => 5),
      SECOND,
    ),
  ).toBeNull();
  expect(await rssAhead(["no line of the runtime's"], SECOND)).toBeNull();
  expect(
    (
      await rssAhead(
        log(3, () => 5),
        SECOND,
      )
    )?.peak,
  ).toBeGreaterThan(5 * MIB);
});

test("how long the process has been running makes no difference", async () => {
  const [young, old] = await Promise.all(
    [1, 3e6].map((at) =>
      rssAhead(
        log(40, () => 50, "", at),
        30 * SECOND,
      ),
    ),
  );
  expect(old).toEqual(young);
});

test("of a program that allocates gigabytes only so much is played", async () => {
  const ahead = (await rssAhead(
    log(200, () => 700),
    60 * SECOND,
  ))!;
  expect(ahead.horizon).toBeLessThan(10 * SECOND);
  expect(ahead.peak).toBeGreaterThan(1300 * MIB);
});
