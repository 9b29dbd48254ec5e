/**
 * Stacks of a process whose recording does not show them: 32 KiB spans, as the runtime's stack pools take them (stack.go).
 * The rule: what a process starts with (the main goroutine, the runtime's own, system stacks), and 4 KiB for each
 * goroutine that the recording shows alive; spans are kept while goroutines come and go, until a GC frees the unused.
 */
import { FIRST_HANDLE, MANUAL_STACK, SPAN_ALLOC, SPAN_FREE } from "../../parsers/events.ts";
import type { EventWriter } from "./writer.ts";

/** StackInuse of small programs right after their start, measured on 1.11-1.27: 288-416 KiB. */
const AT_START = 352 << 10;
const PER_GOROUTINE = 4 << 10;
const SPAN = 32 << 10;
const PAGES = 4;
/** Handles far below those of object spans. */
const FIRST_STACK = FIRST_HANDLE - 2 ** 40;

export class StackPool {
  #alive = 0;
  #spans = 0;
  #kept = 0;

  /** Goroutines created less those ended since the last call. */
  goroutines(out: EventWriter, t: number, change: number): void {
    this.#alive = Math.max(0, this.#alive + change);
    this.want(out, t, AT_START + this.#alive * PER_GOROUTINE);
  }

  /** Takes spans until `bytes` are there. */
  want(out: EventWriter, t: number, bytes: number): void {
    const wanted = Math.ceil(bytes / SPAN);
    this.#kept = Math.max(this.#kept, wanted);
    while (this.#spans < wanted) out.add(SPAN_ALLOC, t, -1, FIRST_STACK - this.#spans++, PAGES, MANUAL_STACK);
  }

  /** A GC ended: spans that were not needed since the last one go. */
  gc(out: EventWriter, t: number): void {
    while (this.#spans > this.#kept) out.add(SPAN_FREE, t, -1, FIRST_STACK - --this.#spans, PAGES, MANUAL_STACK);
    this.#kept = Math.ceil((AT_START + this.#alive * PER_GOROUTINE) / SPAN);
  }
}
