import { existsSync } from "node:fs";
import { mkdir, readdir, rm, rmdir, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { OutputError, outputError } from "../errors.ts";
import { version } from "../version.ts";

/** A folder with the recordings of one run; every command takes it as an input. */
export class Bundle {
  readonly folder: string;
  readonly started = new Date();
  readonly #made: boolean;
  readonly #facts: Record<string, unknown> = {};

  static async create(folder: string): Promise<Bundle> {
    try {
      const made = await makeFolder(path.resolve(folder));
      const there = made ? [] : await readdir(folder);
      if (there.length > 0) throw new OutputError(`${folder}: is not empty; name another folder with -o`);
      return new Bundle(path.resolve(folder), made);
    } catch (error) {
      throw outputError(folder, error);
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
    const file = this.file("manifest.json");
    try {
      await writeFile(file, `${JSON.stringify(manifest, null, 2)}\n`);
    } catch (error) {
      throw outputError(file, error);
    }
  }
}

/**
 * Makes a folder and those above it; false if it was there. Node's own way to do that tries for ever where the system says that
 * a folder is not there when it can't be made, as /proc does.
 */
async function makeFolder(folder: string): Promise<boolean> {
  try {
    await mkdir(folder);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return false;
    const above = path.dirname(folder);
    if (code !== "ENOENT" || above === folder || (await stat(above).catch(() => null))) throw error;
    await makeFolder(above);
    await mkdir(folder);
    return true;
  }
}

/** "gopages-20240501-100000", with a number behind it where that is taken: two short runs can begin in one second. */
export function defaultFolder(now: Date = new Date(), taken: (name: string) => boolean = existsSync): string {
  const [day, time] = now.toISOString().slice(0, 19).replaceAll(/[-:]/g, "").split("T");
  const name = `gopages-${day}-${time}`;
  for (let i = 1; ; i++) {
    const candidate = i === 1 ? name : `${name}-${i}`;
    if (!taken(candidate)) return candidate;
  }
}
