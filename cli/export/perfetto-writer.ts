import protobuf from "protobufjs/minimal.js";

/**
 * Packets of a Perfetto trace. Field numbers are those of protos/perfetto/trace/{trace,trace_packet}.proto and
 * trace/track_event/{track_event,track_descriptor,counter_descriptor,debug_annotation}.proto (stable since v10).
 */

const SLICE_BEGIN = 1;
const SLICE_END = 2;
const COUNTER = 4;

/** Any number but 0: everything here is one sequence of packets. */
const SEQUENCE = 1;
/** SEQ_INCREMENTAL_STATE_CLEARED: said by the first packet of a sequence. */
const STATE_CLEARED = 1;
const UNIT_SIZE_BYTES = 3;

export class PerfettoWriter {
  #writer = protobuf.Writer.create();
  #first = true;

  /** Bytes written since the last take(). */
  get size(): number {
    return this.#writer.len;
  }

  take(): Uint8Array {
    const bytes = this.#writer.finish();
    this.#writer = protobuf.Writer.create();
    return bytes;
  }

  process(uuid: number, name: string): void {
    const w = this.#packet(null);
    // TracePacket.track_descriptor; TrackDescriptor.process { pid, process_name }
    w.uint32((60 << 3) | 2).fork();
    w.uint32((1 << 3) | 0).uint64(uuid);
    w.uint32((3 << 3) | 2).fork();
    w.uint32((1 << 3) | 0).int32(1);
    w.uint32((6 << 3) | 2).string(name);
    w.ldelim().ldelim().ldelim();
  }

  track(uuid: number, parent: number, name: string, counter: boolean): void {
    const w = this.#packet(null);
    w.uint32((60 << 3) | 2).fork();
    w.uint32((1 << 3) | 0).uint64(uuid);
    w.uint32((5 << 3) | 0).uint64(parent);
    w.uint32((2 << 3) | 2).string(name);
    if (counter) {
      // TrackDescriptor.counter { unit }
      w.uint32((8 << 3) | 2).fork();
      w.uint32((3 << 3) | 0).int32(UNIT_SIZE_BYTES);
      w.ldelim();
    }
    w.ldelim().ldelim();
  }

  counter(t: number, track: number, value: number): void {
    const w = this.#event(t, track, COUNTER);
    w.uint32((30 << 3) | 0).int64(Math.round(value));
    w.ldelim().ldelim();
  }

  begin(t: number, track: number, name: string, figures: readonly (readonly [string, number])[]): void {
    const w = this.#event(t, track, SLICE_BEGIN);
    w.uint32((23 << 3) | 2).string(name);
    for (const [figure, value] of figures) {
      // TrackEvent.debug_annotations { name, int_value }
      w.uint32((4 << 3) | 2).fork();
      w.uint32((10 << 3) | 2).string(figure);
      w.uint32((4 << 3) | 0).int64(Math.round(value));
      w.ldelim();
    }
    w.ldelim().ldelim();
  }

  end(t: number, track: number): void {
    this.#event(t, track, SLICE_END).ldelim().ldelim();
  }

  /** A packet with an event left open: two lengths to be closed. */
  #event(t: number, track: number, type: number): protobuf.Writer {
    const w = this.#packet(t);
    w.uint32((11 << 3) | 2).fork();
    w.uint32((9 << 3) | 0).int32(type);
    w.uint32((11 << 3) | 0).uint64(track);
    return w;
  }

  #packet(t: number | null): protobuf.Writer {
    // Trace.packet
    const w = this.#writer.uint32((1 << 3) | 2).fork();
    if (t !== null) w.uint32((8 << 3) | 0).uint64(Math.max(0, Math.round(t)));
    w.uint32((10 << 3) | 0).uint32(SEQUENCE);
    if (this.#first) w.uint32((13 << 3) | 0).uint32(STATE_CLEARED);
    this.#first = false;
    return w;
  }
}
