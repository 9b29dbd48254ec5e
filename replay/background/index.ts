import type { Era } from "../../allocator/types.ts";
import { AgedScavenger } from "./aged.ts";
import type { Background, BackgroundWorld } from "./background.ts";
import { EwmaScavenger } from "./ewma.ts";
import { LineScavenger } from "./line.ts";
import { PiScavenger } from "./pi.ts";

const PACES: Record<Era["pace"], (world: BackgroundWorld, era: Era) => Background> = {
  aged: (world) => new AgedScavenger(world),
  line: (world) => new LineScavenger(world),
  ewma: (world, era) => new EwmaScavenger(world, era),
  pi: (world) => new PiScavenger(world),
};

/** The background return of memory as that era does it. */
export function backgroundFor(era: Era, world: BackgroundWorld): Background {
  return PACES[era.pace](world, era);
}
