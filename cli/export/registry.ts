import { csv } from "./csv.ts";
import { events } from "./events.ts";
import type { Exporter } from "./exporter.ts";
import { html } from "./html.ts";
import { markdown } from "./markdown.ts";
import { ndjson } from "./ndjson.ts";
import { parquet } from "./parquet.ts";
import { perfetto } from "./perfetto.ts";
import { pprof } from "./pprof.ts";
import { speedscope } from "./speedscope.ts";
import { svg } from "./svg.ts";

/** Every format to export to, in the order of help. */
export const EXPORTERS: readonly Exporter[] = [
  html,
  markdown,
  svg,
  csv,
  ndjson,
  parquet,
  perfetto,
  speedscope,
  pprof,
  events,
];
