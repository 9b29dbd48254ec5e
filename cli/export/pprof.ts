import { gzipSync } from "node:zlib";
import protobuf from "protobufjs/minimal.js";
import type { Exporter } from "./exporter.ts";
import { heapProfileOf, rssStacks, type StackFrame, type WeightedStack } from "./stacks.ts";

/** RSS at its peak and at the end as a profile for `go tool pprof`: parts of RSS are frames. */
export const pprof: Exporter = {
  name: "pprof",
  title: "what RSS consists of, as a profile for go tool pprof",
  extension: "pb.gz",
  binary: true,
  streams: false,
  async write(job, out) {
    const result = await job.replay();
    const profile = await heapProfileOf(job.inputs);
    const stacks = rssStacks([result.ledgerPeak, result.ledgerFinal], profile);
    const comments = [
      "Predicted RSS by gopages: a model of the page allocator, not a measurement.",
      ...(profile ? ["Live bytes are shared out in the proportions of the heap profile among the inputs."] : []),
    ];
    const types = [
      ["peak_rss", "bytes"],
      ["final_rss", "bytes"],
    ] as const;
    await out.write(gzipSync(encodeProfile(stacks, types, comments, result.summary.durationNs)));
    return { partial: result.partial };
  },
};

/** github.com/google/pprof/proto/profile.proto */
export function encodeProfile(
  stacks: readonly WeightedStack[],
  types: readonly (readonly [type: string, unit: string])[],
  comments: readonly string[],
  durationNs: number,
): Uint8Array {
  const strings = new Table<string>((text) => text);
  strings.add("");
  const functions = new Table<StackFrame>(({ name, file }) => `${name}\n${file}`);
  const locations = new Table<StackFrame>(({ name, file, line }) => `${name}\n${file}\n${line}`);
  const w = protobuf.Writer.create();
  for (const [type, unit] of types) {
    w.uint32((1 << 3) | 2).fork();
    w.uint32((1 << 3) | 0).int64(strings.add(type));
    w.uint32((2 << 3) | 0).int64(strings.add(unit));
    w.ldelim();
  }
  for (const { frames, bytes } of stacks) {
    w.uint32((2 << 3) | 2).fork();
    w.uint32((1 << 3) | 2).fork();
    // Innermost first; ids count from 1.
    for (let i = frames.length - 1; i >= 0; i--) w.uint64(locations.add(frames[i]!) + 1);
    w.ldelim();
    w.uint32((2 << 3) | 2).fork();
    for (const value of bytes) w.int64(value);
    w.ldelim().ldelim();
  }
  for (const [i, frame] of locations.items.entries()) {
    w.uint32((4 << 3) | 2).fork();
    w.uint32((1 << 3) | 0).uint64(i + 1);
    w.uint32((4 << 3) | 2).fork();
    w.uint32((1 << 3) | 0).uint64(functions.add(frame) + 1);
    w.uint32((2 << 3) | 0).int64(frame.line);
    w.ldelim().ldelim();
  }
  for (const [i, { name, file }] of functions.items.entries()) {
    w.uint32((5 << 3) | 2).fork();
    w.uint32((1 << 3) | 0).uint64(i + 1);
    w.uint32((2 << 3) | 0).int64(strings.add(name));
    w.uint32((3 << 3) | 0).int64(strings.add(name));
    w.uint32((4 << 3) | 0).int64(strings.add(file));
    w.ldelim();
  }
  w.uint32((10 << 3) | 0).int64(Math.round(durationNs));
  for (const comment of comments) w.uint32((13 << 3) | 0).int64(strings.add(comment));
  w.uint32((14 << 3) | 0).int64(strings.add(types[0]![0]));
  for (const text of strings.items) w.uint32((6 << 3) | 2).string(text);
  return w.finish();
}

/** Items numbered in the order in which they were first added. */
class Table<T> {
  readonly items: T[] = [];
  readonly #index = new Map<string, number>();
  readonly #key: (item: T) => string;

  constructor(key: (item: T) => string) {
    this.#key = key;
  }

  add(item: T): number {
    const key = this.#key(item);
    const known = this.#index.get(key);
    if (known !== undefined) return known;
    this.#index.set(key, this.items.length);
    return this.items.push(item) - 1;
  }
}
