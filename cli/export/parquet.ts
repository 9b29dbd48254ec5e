import { ByteWriter, ParquetWriter } from "hyparquet-writer";
import type { Exporter } from "./exporter.ts";
import { DoubleColumn } from "./parquet-column.ts";
import { replayRows, TIMELINE_COLUMNS } from "./rows.ts";

const ROWS_PER_GROUP = 50_000;

/** The timeline as Parquet: a nullable DOUBLE a column, row groups of 50 000 rows. */
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
    // The pages are our own: the library goes through each value several times.
    const writer = new ParquetWriter({ writer: bytes, schema, codec: "GZIP", createdBy: "gopages" });
    const columns = TIMELINE_COLUMNS.map((name) => new DoubleColumn(name, !isAlwaysThere(name), ROWS_PER_GROUP));
    const [t, rss, inuse, free, released, stacks, live, goal, mapped, ...measured] = columns as Twelve;
    const [measuredRss, measuredReleased, measuredInuse] = measured;
    let rows = 0;
    const writeGroup = (): void => {
      const from = bytes.offset;
      const chunks = columns.map((column) => column.write(bytes));
      const size = chunks.reduce((sum, { meta_data }) => sum + meta_data!.total_uncompressed_size, 0n);
      writer.row_groups.push({
        columns: chunks,
        total_byte_size: size,
        num_rows: BigInt(rows),
        total_compressed_size: BigInt(bytes.offset - from),
      });
      writer.num_rows += BigInt(rows);
      rows = 0;
    };
    const { partial } = await replayRows(job, {
      add(row) {
        // One by one: a name that is looked up in a loop is slow, and this is done for every change of every page.
        t.add(row.t);
        rss.add(row.rss);
        inuse.add(row.heapInuse);
        free.add(row.heapFree);
        released.add(row.heapReleased);
        stacks.add(row.stacks);
        live.add(row.heapLive);
        goal.add(row.heapGoal);
        mapped.add(row.mapped);
        measuredRss.add(row.measuredRss);
        measuredReleased.add(row.measuredReleased);
        measuredInuse.add(row.measuredInuse);
        if (++rows === ROWS_PER_GROUP) writeGroup();
      },
      drain: flush,
    });
    if (rows > 0) writeGroup();
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

type D = DoubleColumn;
/** One for each of TIMELINE_COLUMNS, in its order. */
type Twelve = [D, D, D, D, D, D, D, D, D, D, D, D];

function isAlwaysThere(name: (typeof TIMELINE_COLUMNS)[number]): boolean {
  return name !== "heapGoal" && !name.startsWith("measured");
}
