/** Reads a source to its end: for tests. */
import type { EventSource } from "../event-source.ts";
import { EVENT_NAMES, NO_ADDR } from "../events.ts";
import type { Format, OpenOptions } from "../format.ts";
import { bytesSource } from "../source.ts";

export interface PlainEvent {
  kind: string;
  t: number;
  p: number;
  addr: number;
  size: number;
  aux: number;
}

/** Opens bytes as a format, as openInput() does with a file. */
export async function openWith(format: Format, bytes: Uint8Array, options: OpenOptions & { pieceBytes?: number } = {}) {
  const opened = await bytesSource(bytes, "(test)", options.pieceBytes);
  const source = await format.open(opened, options);
  opened.reportTo(source.losses);
  return source;
}

export async function collect(source: EventSource): Promise<PlainEvent[]> {
  const events: PlainEvent[] = [];
  for await (const { length, kind, time, p, addr, size, aux } of source.batches()) {
    for (let i = 0; i < length; i++) {
      const name = EVENT_NAMES[kind[i]!] ?? String(kind[i]);
      events.push({ kind: name, t: time[i]!, p: p[i]!, addr: addr[i]!, size: size[i]!, aux: aux[i]! });
    }
  }
  return events;
}

/** One line an event: "kind @time pN addr size aux", columns that say nothing left out. */
export function lines(events: readonly PlainEvent[]): string[] {
  return events.map(({ kind, t, p, addr, size, aux }) => {
    let line = `${kind} @${t}`;
    if (p >= 0) line += ` p${p}`;
    if (addr !== NO_ADDR) line += ` 0x${addr.toString(16)}`;
    if (size !== 0) line += ` size=${size}`;
    if (aux !== 0) line += ` aux=${aux}`;
    return line;
  });
}

/** How many events of each kind. */
export function counts(events: readonly PlainEvent[]): Record<string, number> {
  const n: Record<string, number> = {};
  for (const { kind } of events) n[kind] = (n[kind] ?? 0) + 1;
  return n;
}
