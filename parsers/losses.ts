/**
 * What was lost, skipped or assumed while reading an input. Every loss is a named counter that the user sees; none is a
 * silent shortfall or a line in a log.
 */

export type LossSeverity = "info" | "data-loss" | "damage";

export interface LossKind {
  /** Name in JSON (`losses`), kebab-case. */
  readonly name: string;
  readonly severity: LossSeverity;
  /** One line for people: what it means for the answer and what to do. */
  readonly meaning: string;
}

/** Counters of one input. Partial inputs (exit code 4) are those with a loss of severity data-loss or damage. */
export class Losses {
  readonly #counts = new Map<string, { kind: LossKind; count: number; first?: string }>();

  /** Adds `count` to the loss; `where` (of the first occurrence) is kept for the message, e.g. "byte 1234". */
  add(kind: LossKind, count = 1, where?: string): void {
    const entry = this.#counts.get(kind.name);
    if (entry) entry.count += count;
    else this.#counts.set(kind.name, where === undefined ? { kind, count } : { kind, count, first: where });
  }

  get partial(): boolean {
    for (const { kind } of this.#counts.values()) if (kind.severity !== "info") return true;
    return false;
  }

  /** Name to count, as in the JSON output. */
  toJSON(): Record<string, number> {
    return Object.fromEntries([...this.#counts].map(([name, { count }]) => [name, count]));
  }

  *[Symbol.iterator](): IterableIterator<{ kind: LossKind; count: number; first?: string }> {
    yield* this.#counts.values();
  }
}
