/** What the reader of our output can show. */
export interface Terminal {
  readonly isTty: boolean;
  readonly columns: number;
  readonly rows: number;
  /** Block and braille characters can be shown. */
  readonly unicode: boolean;
  /** 0 none, 1 sixteen colours, 2 the 256 palette, 3 true colour. */
  readonly color: ColorLevel;
  /** Bold, dim and inverse can be shown. NO_COLOR forbids colours, not these. */
  readonly attributes: boolean;
}

export type ColorLevel = 0 | 1 | 2 | 3;

type Env = Readonly<Record<string, string | undefined>>;

/** Reads it off the stream and the environment. */
export function describeTerminal(stream: NodeJS.WriteStream, env: Env, platform: string = process.platform): Terminal {
  const isTty = stream.isTTY === true;
  const dumb = env.TERM === "dumb";
  return {
    isTty,
    columns: (isTty && stream.columns) || 80,
    rows: (isTty && stream.rows) || 24,
    unicode: speaksUnicode(env, platform),
    color: colorLevel(isTty, env, platform),
    attributes: isTty && !dumb,
  };
}

function speaksUnicode(env: Env, platform: string): boolean {
  // The Linux console has no braille in its font.
  if (env.TERM === "linux" || env.TERM === "dumb") return false;
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG;
  if (locale) return /utf-?8/i.test(locale);
  if (platform === "win32") return Boolean(env.WT_SESSION || env.TERM_PROGRAM);
  // No locale at all means "C", but macOS terminals speak UTF-8 without saying so to programs started from elsewhere.
  return platform === "darwin";
}

function colorLevel(isTty: boolean, env: Env, platform: string): ColorLevel {
  if (env.NO_COLOR) return 0;
  const forced = env.FORCE_COLOR;
  if (forced !== undefined && forced !== "") {
    if (forced === "0" || forced === "false") return 0;
    if (forced === "2") return 2;
    if (forced === "3") return 3;
    return 1;
  }
  if (!isTty || env.TERM === "dumb") return 0;
  if (/^(truecolor|24bit)$/i.test(env.COLORTERM ?? "") || env.WT_SESSION) return 3;
  if (/256/.test(env.TERM ?? "") || platform === "win32") return 2;
  return 1;
}
