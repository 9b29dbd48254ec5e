/** What is known of the Go version: exact, a minor version, several possible ones, or nothing. */
export class GoVersion {
  /** Possible minor versions, ascending; empty when nothing is known. */
  readonly minors: readonly number[];
  readonly patch: number | null;

  constructor(minors: readonly number[], patch: number | null) {
    this.minors = [...new Set(minors)].sort((a, b) => a - b);
    this.patch = this.minors.length === 1 ? patch : null;
  }

  /** "go1.21.3", "1.21", "go1.27rc1"; null for what is no Go version. */
  static parse(text: string): GoVersion | null {
    const m = /^(?:go)?1\.(\d+)(?:\.(\d+))?/.exec(text.trim());
    return m ? new GoVersion([Number(m[1])], m[2] === undefined ? null : Number(m[2])) : null;
  }

  get minor(): number | null {
    return this.minors.length === 1 ? this.minors[0]! : null;
  }

  get text(): string {
    if (this.minors.length === 0) return "an unknown Go version";
    if (this.minor !== null) return `Go 1.${this.minor}${this.patch === null ? "" : `.${this.patch}`}`;
    return `Go 1.${this.minors[0]} to 1.${this.minors.at(-1)}`;
  }

  /** Whether it is 1.`minor` or later; null when that can't be told. */
  since(minor: number): boolean | null {
    if (this.minors.length === 0) return null;
    if (this.minors[0]! >= minor) return true;
    return this.minors.at(-1)! < minor ? false : null;
  }

  /** Whether it lies between two minor versions, both included; null when that can't be told. */
  between(first: number | null, last: number | null): boolean | null {
    if (this.minors.length === 0) return first === null && last === null ? true : null;
    const inside = this.minors.filter((m) => (first === null || m >= first) && (last === null || m <= last));
    if (inside.length === this.minors.length) return true;
    return inside.length === 0 ? false : null;
  }

  /** Whether it is one of the patch releases first ... last of 1.`minor`; null when that can't be told. */
  patches(minor: number, first: number, last: number): boolean | null {
    if (this.minors.length === 0) return null;
    if (!this.minors.includes(minor)) return false;
    if (this.minor === null || this.patch === null) return null;
    return this.patch >= first && this.patch <= last;
  }
}
