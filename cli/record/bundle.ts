import { mkdir, readdir, rm, rmdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { InputError } from "../../parsers/errors.ts";
import { fileError } from "../../parsers/source.ts";
import { version } from "../version.ts";

/** A folder with the recordings of one run; every command takes it as an input. */
export class Bundle {
  readonly folder: string;
  readonly started = new Date();
  readonly #made: boolean;
  readonly #facts: Record<string, unknown> = {};

  static async create(folder: string): Promise<Bundle> {
    try {
      const made = await mkdir(folder, { recursive: true });
      const there = await readdir(folder);
      if (there.length > 0) throw new InputError(`${folder}: is not empty; name another folder with -o`);
      return new Bundle(path.resolve(folder), made !== undefined);
    } catch (error) {
      throw fileError(folder, error);
    }
  }

  /** `made`: the folder was not there before. */
  constructor(folder: string, made: boolean) {
    this.folder = folder;
    this.#made = made;
  }

  /** Leaves nothing behind: there was nothing to record. */
  async discard(): Promise<void> {
    for (const name of await readdir(this.folder)) await rm(this.file(name), { force: true });
    if (this.#made) await rmdir(this.folder);
  }

  file(name: string): string {
    return path.join(this.folder, name);
  }

  /** Adds to the manifest, and writes it: a recording that is cut off has one, too. */
  async tell(facts: Record<string, unknown>): Promise<void> {
    Object.assign(this.#facts, facts);
    const manifest = {
      schema: "gopages/bundle/1",
      gopages: version(),
      started: this.started.toISOString(),
      ...this.#facts,
    };
    await writeFile(this.file("manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  }
}

/** "gopages-20240501-100000" */
export function defaultFolder(now: Date = new Date()): string {
  const [day, time] = now.toISOString().slice(0, 19).replaceAll(/[-:]/g, "").split("T");
  return `gopages-${day}-${time}`;
}
