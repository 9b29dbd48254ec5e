/** A program whose columns lie in shared memory: every thread reads the same ones. */

import type { DeathTables } from "./death-tables.ts";
import type { Program } from "./program.ts";

type Typed = Float64Array | Int32Array | Int16Array | Uint8Array;

/** The copy of each array: programs of several seeds have columns in common. */
const copies = new WeakMap<Typed, Typed>();

function shared<T extends Typed>(array: T): T {
  if (array.buffer instanceof SharedArrayBuffer) return array;
  const there = copies.get(array);
  if (there) return there as T;
  const make = array.constructor as new (buffer: SharedArrayBuffer) => T;
  const copy = new make(new SharedArrayBuffer(array.byteLength));
  (copy as Float64Array).set(array as Float64Array);
  copies.set(array, copy);
  return copy;
}

export function sharedProgram(program: Program): Program {
  const { manual, flow } = program;
  return {
    ...program,
    time: shared(program.time),
    deadAt: shared(program.deadAt),
    spanClass: shared(program.spanClass),
    size: shared(program.size),
    p: shared(program.p),
    idleFrom: shared(program.idleFrom),
    flow: flow && {
      time: shared(flow.time),
      allocated: shared(flow.allocated),
      markTime: shared(flow.markTime),
      reachable: shared(flow.reachable),
      slack: flow.slack,
    },
    manual: {
      time: shared(manual.time),
      id: shared(manual.id),
      pages: shared(manual.pages),
      p: shared(manual.p),
    },
  };
}

export function sharedTables({ allocatedBefore, deathTime, deadBefore }: DeathTables): DeathTables {
  return { allocatedBefore: shared(allocatedBefore), deathTime: shared(deathTime), deadBefore: shared(deadBefore) };
}
