import { ByteWriter, ParquetWriter } from "hyparquet-writer";
import type { Exporter } from "./exporter.ts";
import { replayRows, TIMELINE_COLUMNS } from "./rows.ts";

const ROWS_PER_GROUP = 50_000;

/** The timeline as Parquet: a nullable DOUBLE a column, row groups of some 50 000 rows. */
export const parquet: Exporter = {
  name: "parquet",
  title: "timeline as Parquet",
  extension: "parquet",
  binary: true,
  streams: true,
  async write(job, out) {
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
    let group: (number | null)[][] = TIMELINE_COLUMNS.map(() => []);
    const writeGroup = async (): Promise<void> => {
      await writer.write({
        columnData: TIMELINE_COLUMNS.map((name, c) => ({
          name,
          data: isAlwaysThere(name) ? Float64Array.from(group[c]! as number[]) : group[c]!,
        })),
        rowGroupSize: group[0]!.length,
      });
      group = TIMELINE_COLUMNS.map(() => []);
      await flush();
    };
    const { partial } = await replayRows(job, {
      add(row) {
        for (const [c, name] of TIMELINE_COLUMNS.entries()) group[c]!.push(row[name] ?? null);
      },
      async drain() {
        if (group[0]!.length >= ROWS_PER_GROUP) await writeGroup();
      },
    });
    if (group[0]!.length > 0) await writeGroup();
    await writer.finish();
    await flush();
    return { partial };

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
