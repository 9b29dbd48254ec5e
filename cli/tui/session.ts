import { EventEmitter } from "node:events";
import type { Diagnosis } from "../../replay/diagnose/diagnose.ts";
import type { ReplayResult } from "../../replay/result.ts";
import type { ReplayProgress } from "../../replay/run.ts";
import type { RunFacts } from "../../replay/run-facts.ts";
import type { Setting, WhatIfRun } from "../../replay/what-if.ts";
import { Series } from "../series.ts";
import { formatCount } from "../sizes.ts";
import { type Curve, type Data, type Pending, prepare } from "./data.ts";
import type { State } from "./state.ts";
import { wantedSetting } from "./what-if-actions.ts";

/** A program that can be played under other settings. */
export interface Player {
  readonly recorded: Setting;
  run(settings: readonly Setting[], signal: AbortSignal): Promise<WhatIfRun[]>;
}

/** What the interface asks of the layers below. All of it can be stopped by its signal. */
export interface Services {
  diagnose(result: ReplayResult, facts: RunFacts | null, signal: AbortSignal): Promise<Diagnosis>;
  openPlayer(onProgress: (fraction: number | null, events: number) => void, signal: AbortSignal): Promise<Player>;
  /** Writes the run to a file. */
  export(format: string, path: string, result: ReplayResult): Promise<void>;
}

/** A changed setting is played when no other change came for so long, ms: keys are faster than runs. */
const SETTLE_MS = 150;
const STOPPED = { is: "failed", text: "Stopped: change a setting" } as const;
/** Events of an input that is not read once more unasked. */
const LONG_INPUT = 5e6;

/**
 * What the interface looks at, and what it has others find out: "data" tells that `data` is another one, "said" has a line for
 * the user.
 */
export class Session extends EventEmitter<{ data: []; said: [text: string] }> {
  data: Data;
  readonly #services: Services;
  #facts: RunFacts | null;
  readonly #start = Date.now();
  /** Ends everything that is under way. */
  readonly #closing = new AbortController();
  #diagnosing: AbortController | null = null;
  #playing: AbortController | null = null;
  #player: Player | null = null;
  /** The setting that was asked for last, as text; null for none. */
  #asked: string | null = null;
  #settle: NodeJS.Timeout | null = null;
  #state: State | null = null;

  constructor(services: Services, result: ReplayResult, facts: RunFacts | null = null) {
    super();
    this.#services = services;
    this.#facts = facts;
    this.data = prepare(result, facts);
  }

  /** Of a replay that goes on: what there is of its result so far. */
  static reading(services: Services, progress: ReplayProgress, facts: RunFacts): Session {
    const session = new Session(services, progress.soFar!(), facts);
    session.progress(progress);
    return session;
  }

  progress({ soFar, fraction, events }: ReplayProgress): void {
    if (!soFar) return;
    this.#set({
      ...prepare(soFar(), this.#facts),
      reading: { fraction, events, elapsedMs: Date.now() - this.#start },
    });
  }

  /** All is read. */
  done(result: ReplayResult): void {
    this.#set(prepare(result, this.#facts));
    if (this.#state) this.attend(this.#state);
  }

  /** Finds out what the view that is shown wants to know. */
  attend(state: State): void {
    this.#state = state;
    if (this.data.reading !== null || this.#closing.signal.aborted) return;
    if (state.view === "why" && this.data.diagnosis.is === "none") void this.#diagnose();
    if (state.view !== "whatif") return;
    if (this.#player) this.#want(state);
    else if (this.data.whatIf.run.is === "none" && this.#events() < LONG_INPUT) void this.#open();
  }

  /** Begins what is not begun unasked. */
  start(): void {
    if (this.data.reading !== null) this.emit("said", "Wait until all is read");
    else if (!this.#player && this.data.whatIf.run.is !== "working") void this.#open();
  }

  /** Stops what is under way. */
  cancel(): void {
    this.#diagnosing?.abort();
    this.#playing?.abort();
    // A run that has not begun yet is not there to say that it was stopped.
    if (this.#unsettle()) this.#showRun(STOPPED);
  }

  async export(format: string, path: string): Promise<void> {
    if (this.data.reading !== null) {
      this.emit("said", "Wait until all is read");
      return;
    }
    this.emit("said", `Writing ${path} ...`);
    try {
      await this.#services.export(format, path, this.data.result);
      this.emit("said", `Wrote ${path}`);
    } catch (error) {
      this.emit("said", `Not written: ${messageOf(error)}`);
    }
  }

  close(): void {
    this.cancel();
    this.#closing.abort();
    this.data.heap?.close();
  }

  #set(data: Data): void {
    this.data = data;
    this.emit("data");
  }

  #events(): number {
    return this.data.result.inputs.reduce((sum, { events }) => sum + events, 0);
  }

  async #diagnose(): Promise<void> {
    const stop = new AbortController();
    this.#diagnosing = stop;
    const show = (diagnosis: Data["diagnosis"]): void => this.#set({ ...this.data, diagnosis });
    show({ is: "working", fraction: null, text: "Looking for causes" });
    try {
      const value = await this.#services.diagnose(this.data.result, this.#facts, stop.signal);
      show({ is: "ready", value });
    } catch (error) {
      show(stop.signal.aborted ? { is: "none" } : { is: "failed", text: messageOf(error) });
    }
    this.#diagnosing = null;
  }

  async #open(): Promise<void> {
    const stop = new AbortController();
    this.#playing = stop;
    const text = "Reading the recording once more";
    this.#showRun({ is: "working", fraction: null, text });
    let shownAt = 0;
    try {
      const player = await this.#services.openPlayer((fraction, events) => {
        // The thread's last words may come when nobody wants them any more.
        if (stop.signal.aborted || Date.now() - shownAt < 100) return;
        shownAt = Date.now();
        this.#showRun({ is: "working", fraction, text: `${text}: ${formatCount(events)} events` });
      }, stop.signal);
      this.#showRun({ is: "working", fraction: null, text: "Playing the program as recorded" });
      const [base] = await player.run([player.recorded], stop.signal);
      this.#player = player;
      this.#asked = null;
      this.#set({
        ...this.data,
        whatIf: { recorded: player.recorded, base: curveOf(base!), run: { is: "none" } },
      });
      if (this.#state) this.#want(this.#state);
    } catch (error) {
      this.#showRun(stop.signal.aborted ? { is: "none" } : { is: "failed", text: messageOf(error) });
    }
  }

  /** Plays the setting that the state has, if it is not the one that is shown or under way. */
  #want(state: State): void {
    const setting = wantedSetting(this.data, state);
    if (setting === null) return;
    const name = Object.values(setting).join(" ");
    if (name === this.#asked) return;
    this.#asked = name;
    this.#playing?.abort();
    this.#unsettle();
    if (Object.keys(state.whatIf.values).length === 0) {
      this.#showRun({ is: "none" });
      return;
    }
    this.#showRun({ is: "working", fraction: null, text: "Playing the program" });
    this.#settle = setTimeout(() => void this.#play(setting), SETTLE_MS);
    this.#settle.unref();
  }

  async #play(setting: Setting): Promise<void> {
    const stop = new AbortController();
    this.#playing = stop;
    this.#settle = null;
    try {
      const [run] = await this.#player!.run([setting], stop.signal);
      if (!stop.signal.aborted) this.#showRun({ is: "ready", value: curveOf(run!) });
    } catch (error) {
      if (this.#playing !== stop) return;
      this.#showRun(stop.signal.aborted ? STOPPED : { is: "failed", text: messageOf(error) });
    }
  }

  /** Forgets a run that has not begun; tells whether there was one. */
  #unsettle(): boolean {
    const was = this.#settle !== null;
    if (this.#settle) clearTimeout(this.#settle);
    this.#settle = null;
    return was;
  }

  #showRun(run: Pending<Curve>): void {
    this.#set({ ...this.data, whatIf: { ...this.data.whatIf, run } });
  }
}

function curveOf(run: WhatIfRun): Curve {
  const { timeline } = run;
  return {
    run,
    rss: new Series(
      Float64Array.from(timeline, ({ t }) => t),
      Float64Array.from(timeline, ({ rss }) => rss),
    ),
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
