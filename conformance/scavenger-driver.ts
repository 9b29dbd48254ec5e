/**
 * Vectors of the background scavenger's pace (mgcscavenge.go, Go 1.19 and later): what one batch of calls cost and gave is
 * given, how long the runtime's own scavenger then asked to sleep is compared with the model's.
 */
import type { PageHeap } from "../allocator/types.ts";
import type { BackgroundWorld } from "../replay/background/background.ts";
import { PiScavenger } from "../replay/background/pi.ts";
import {
  differs,
  minorOf,
  numberOf,
  stringOf,
  type VectorDriver,
  VectorError,
  type VectorKind,
  type VectorLine,
} from "./driver.ts";

export const scavengerVectors: VectorKind = {
  name: "scavenger",
  handles: (init) => minorOf(init) >= 19 && init.scenario === "scavenger",
  create: () => new ScavengerDriver(),
};

/** A page heap that has nothing but what the calls of one batch gave. */
class Calls {
  /** What a call costs is the scavenger's own to add up: here it is what that call took. */
  readonly cost = { perCall: 0, perPage: 0 };
  readonly asked: number[] = [];
  #ns: readonly number[] = [];
  #got: readonly number[] = [];

  give(ns: readonly number[], got: readonly number[]): void {
    this.#ns = ns;
    this.#got = got;
    this.asked.length = 0;
  }

  get left(): number {
    return this.#got.length - this.asked.length;
  }

  heap(): PageHeap {
    const calls = this;
    return {
      config: { goos: "linux" },
      scavengeGoals: { gcPercent: 0, memoryLimit: Number.POSITIVE_INFINITY },
      nonHeapMapped: 0,
      stats: {
        inUse: 0,
        mapped: 0,
        released: 0,
        get freeBacked() {
          return calls.left;
        },
      },
      scavenge: (bytes: number) => {
        const call = this.asked.push(bytes) - 1;
        this.cost.perCall = this.#ns[call]!;
        return this.#got[call]!;
      },
    } as unknown as PageHeap;
  }
}

class ScavengerDriver implements VectorDriver {
  private calls = new Calls();
  private world: BackgroundWorld | null = null;
  private scavenger: PiScavenger | null = null;
  /** Time of the next batch, ns. */
  private now = 0;

  line(line: VectorLine): string | null {
    switch (stringOf(line, "op")) {
      case "start":
        this.calls = new Calls();
        this.world = { heap: this.calls.heap(), procs: numberOf(line, "procs"), returnCalls: 0 };
        this.scavenger = new PiScavenger(this.world, this.calls.cost);
        this.scavenger.gcStarted(this.now);
        return null;
      case "batch":
        return this.batch(line);
      case "park": {
        const { scavenger } = this.started();
        this.calls.give([], []);
        scavenger.advance(this.now);
        const parked = differs("next", null, Number.isFinite(scavenger.next) ? scavenger.next : null);
        // Then it is woken, with as much to do again.
        scavenger.gcStarted(this.now);
        return parked;
      }
      default:
        throw new VectorError(`a scavenger does no "${stringOf(line, "op")}"`);
    }
  }

  private started() {
    const { scavenger, world } = this;
    if (!scavenger || !world) throw new VectorError(`no "start" before it`);
    return { scavenger, world };
  }

  private batch(line: VectorLine): string | null {
    const { scavenger, world } = this.started();
    const ns = numbersOf(line, "ns");
    const got = numbersOf(line, "got");
    this.calls.give(ns, got);
    scavenger.advance(this.now);
    const worked = ns.reduce((sum, x) => sum + x, 0);
    const sleepsFrom = this.now + worked;
    // A wake-up by a GC's start ends the sleep, for which procs hold as they are then.
    world.procs = numberOf(line, "procs");
    this.now = sleepsFrom + numberOf(line, "slept");
    const wrong =
      differs("calls", got.length, this.calls.asked.length) ??
      differs("asked", numberOf(line, "asked"), scavenger.next - sleepsFrom);
    scavenger.gcStarted(this.now);
    return wrong;
  }
}

function numbersOf(line: VectorLine, field: string): number[] {
  const values = line[field];
  if (!Array.isArray(values) || values.some((v) => !Number.isSafeInteger(v))) {
    throw new VectorError(`"${field}" is no list of integers`);
  }
  return values as number[];
}
