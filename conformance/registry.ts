import { chunkVectors } from "./chunk-driver.ts";
import { VectorError, type VectorKind, type VectorLine } from "./driver.ts";
import { pageallocVectors } from "./pagealloc-driver.ts";
import { scavengerVectors } from "./scavenger-driver.ts";
import { spanheapVectors, treapVectors } from "./spanheap-driver.ts";

/** Every kind of vector file; the first that handles an `init` line reads it. A new kind is one line here. */
export const VECTOR_KINDS: readonly VectorKind[] = [
  pageallocVectors,
  chunkVectors,
  spanheapVectors,
  treapVectors,
  scavengerVectors,
];

export function kindFor(init: VectorLine): VectorKind {
  const kind = VECTOR_KINDS.find((k) => k.handles(init));
  if (!kind) throw new VectorError(`no kind of vectors begins with ${JSON.stringify(init).slice(0, 120)}`);
  return kind;
}
