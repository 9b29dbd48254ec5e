import { UnsupportedError } from "../../parsers/errors.ts";
import type { EventSource } from "../../parsers/event-source.ts";
import {
  ColumnWriter,
  END,
  EVENTS,
  FORMAT,
  INFO,
  LOSSES,
  MAGIC,
  packBlock,
  TABLES,
} from "../../parsers/events-wire.ts";
import { openInputs } from "../../parsers/open.ts";
import type { Exporter, Sink } from "./exporter.ts";

/** The normalized events of one input, to be read back exactly (parsers/events-wire.ts has the format). */
export const events: Exporter = {
  name: "events",
  title: "normalized events, an input again",
  extension: "events",
  binary: true,
  streams: true,
  async write(job, out) {
    const { sources } = await openInputs(job.inputs);
    try {
      const [source, second] = sources;
      if (second) {
        throw new UnsupportedError(
          `${sources.map(({ path }) => path).join(" and ")}: a file of events is of one input; export one each, a folder of them is a run again`,
        );
      }
      await writeEvents(source!, out);
      return { partial: source!.losses.partial };
    } finally {
      await Promise.all(sources.map((source) => source.close()));
    }
  },
};

/** Writes the file of a source's events, from its first to its last. */
export async function writeEvents(source: EventSource, out: Sink): Promise<void> {
  const { info } = source;
  const columns = new ColumnWriter();
  let told = "";
  let types = 0;
  let strings = 0;
  const tell = async (): Promise<void> => {
    const { events, types: typeTable, strings: stringTable, ...rest } = info;
    const now = JSON.stringify(rest);
    if (now !== told) await out.write(json(INFO, rest));
    told = now;
    if (typeTable.size === types && stringTable.length === strings) return;
    const newTypes = [...typeTable].slice(types).map(([id, { name, size }]) => [id, name, size]);
    await out.write(json(TABLES, { types: newTypes, strings: stringTable.slice(strings) }));
    types = typeTable.size;
    strings = stringTable.length;
  };
  await out.write(MAGIC);
  await out.write(json(FORMAT, { format: source.format }));
  for await (const batch of source.batches()) {
    await tell();
    columns.begin(batch.length);
    for (const column of [batch.kind, batch.time, batch.p, batch.addr, batch.size, batch.aux]) {
      columns.add(column, batch.length);
    }
    await out.write(packBlock(EVENTS, columns.finish()));
  }
  await tell();
  await out.write(json(LOSSES, [...source.losses]));
  await out.write(json(END, { events: info.events }));
}

function json(kind: number, value: unknown): Uint8Array {
  return packBlock(kind, Buffer.from(JSON.stringify(value), "utf8"));
}
