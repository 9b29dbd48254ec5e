import { ByteWriter, ParquetWriter } from "hyparquet-writer";
import type { TimelineRow } from "../../replay/result.ts";
import type { Exporter } from "./exporter.ts";
import { TIMELINE_COLUMNS, timelineOf } from "./rows.ts";

const ROWS_PER_GROUP = 50_000;

/** The timeline as Parquet: a nullable DOUBLE a column, row groups of 50 000 rows. */
export const parquet: Exporter = {
  name: "parquet",
  title: "timeline as Parquet",
  extension: "parquet",
  binary: true,
  streams: true,
  async write(job, out) {
    const { result, rows } = await timelineOf(job);
    const bytes = new ByteWriter();
    const schema = [
      { name: "root", num_children: TIMELINE_COLUMNS.length },
      ...TIMELINE_COLUMNS.map((name) => ({
        name,
        type: "DOUBLE" as const,
        repetition_type: isAlwaysThere(name) ? ("REQUIRED" as const) : ("OPTIONAL" as const),
      })),
    ];
    const writer = new ParquetWriter({ writer: bytes, schema, createdBy: "gopages" });
    for (let from = 0; from < rows.length || from === 0; from += ROWS_PER_GROUP) {
      const group = rows.slice(from, from + ROWS_PER_GROUP);
      await writer.write({
        columnData: TIMELINE_COLUMNS.map((name) => ({ name, data: column(group, name) })),
        rowGroupSize: ROWS_PER_GROUP,
      });
      await flush();
    }
    await writer.finish();
    await flush();
    return { partial: result.partial };

    // The file's offsets go on counting; only the buffer starts anew.
    async function flush(): Promise<void> {
      if (bytes.index === 0) return;
      await out.write(Uint8Array.from(bytes.getBytes()));
      bytes.index = 0;
    }
  },
};

function isAlwaysThere(name: (typeof TIMELINE_COLUMNS)[number]): boolean {
  return name !== "heapGoal" && !name.startsWith("measured");
}

function column(
  rows: readonly TimelineRow[],
  name: (typeof TIMELINE_COLUMNS)[number],
): (number | null)[] | Float64Array {
  if (isAlwaysThere(name)) return Float64Array.from(rows, (row) => row[name] as number);
  return rows.map((row) => row[name] ?? null);
}
