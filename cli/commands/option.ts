/** One option of a command, as help, completion and the parser read it. */
export interface Options {
  /** A flag, or text that the command itself checks. */
  readonly type: "boolean" | "string";
  /** One letter. */
  readonly alias?: string;
  readonly describe: string;
  /** Said of every option that takes a value. */
  readonly requiresArg?: boolean;
  /** What stands for the value in help. */
  readonly defaultDescription?: string;
}
