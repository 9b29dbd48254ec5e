/**
 * When a goroutine that never blocks gives up its P. sysmon looks at Ps now and then: one whose schedtick it has seen 10 ms ago
 * is preempted (proc.go:retake). How often it looks depends on how long it has been awake (proc.go:sysmon), and that on the
 * version: up to 1.15 each time that a P goes on after all were idle it looks often again, from 1.16 on only where a system call
 * woke it. With one P a fractional mark worker waits for that.
 */
import { Random } from "./reconstruct/random.ts";

/** proc.go:forcePreemptNS, ns. */
const FORCE_PREEMPT = 10e6;
/** proc.go:sysmon: it sleeps 20 us for 51 looks, then twice as long each time, 10 ms at most. ns. */
const FIRST_SLEEP = 20e3;
const LOOKS_BEFORE_DOUBLING = 51;
const LONGEST_SLEEP = 10e6;
/** A sleep takes longer than it is asked to: linux' timer slack and the way to run. ns. */
const SLACK = 55e3;

/** Between two preemptions: one look sees the new schedtick, the next one finds it 10 ms old. ns. */
export const QUANTUM = 2 * (LONGEST_SLEEP + SLACK);
/** A program's own speed differs from stretch to stretch: by so much either way, as a share. */
const UNEVEN = 0.15;

/** From a P's wake to its first preemption, ns. */
export function firstPreemption(minor: number): number {
  if (minor >= 16) return LONGEST_SLEEP + SLACK;
  let at = 0;
  let sleep = FIRST_SLEEP;
  for (let looks = 1; at < FORCE_PREEMPT; looks++) {
    if (looks > LOOKS_BEFORE_DOUBLING) sleep = Math.min(2 * sleep, LONGEST_SLEEP);
    at += sleep + SLACK;
  }
  return at;
}

export class Preemption {
  readonly #first: number;
  readonly #random: Random;
  readonly #pace: number;

  /** @param pace how much faster than recorded the program runs: in the time of the recording a quantum is as much longer */
  constructor(minor: number, seed: number, pace: number) {
    this.#first = firstPreemption(minor);
    this.#random = new Random(seed);
    this.#pace = pace;
  }

  /** When who runs at `t` is preempted; `woke`: when the P went on after a sleep, null if long ago. Recorded time, ns. */
  after(t: number, woke: number | null): number {
    const pace = this.#stretch();
    if (woke === null) return t + pace * QUANTUM * this.#random.next();
    const first = woke + pace * this.#first;
    const quantum = pace * QUANTUM;
    return t < first ? first : first + quantum * (Math.floor((t - first) / quantum) + 1);
  }

  /** When who is preempted at `t` and goes on is preempted again. */
  again(t: number): number {
    return t + this.#stretch() * QUANTUM;
  }

  #stretch(): number {
    return this.#pace * (1 + UNEVEN * (2 * this.#random.next() - 1));
  }
}
