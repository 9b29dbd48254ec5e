import type { EventBatch, Evidence } from "../../parsers/events.ts";
import type { Returns } from "./recorded-returns.ts";

/** Turns a source's events into ones that drive the machine: with spans among them. */
export interface SpanDriver {
  /** What the spans it makes rest on. */
  readonly evidence: Evidence;
  /** The batch's events with spans among them, as one or more batches (reused at the next call). */
  transform(batch: EventBatch): Iterable<EventBatch>;
  /** What is left when the source is at its end. */
  finish(): Iterable<EventBatch>;
  /** One line each for people: what was inferred and how sure that is. */
  notes(): string[];
  /** What the input itself says of memory returned; filled while events are transformed. */
  readonly returns: Returns | null;
  /** Half the width of the RSS band that the rule itself adds, as a share of the peak. */
  readonly spread: number;
  /** RSS is within this factor of the figure, either way, where a factor says it better than a width; see spread. */
  readonly band?: number;
}
