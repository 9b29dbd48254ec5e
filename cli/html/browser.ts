import { spawn } from "node:child_process";
import { pathToFileURL } from "node:url";

type Env = Readonly<Record<string, string | undefined>>;

/** A starter that is still running by then has found a browser, or is one. */
const FAILS_WITHIN_MS = 2000;

/** Shows a file in the user's browser; resolves to whether one could be started. */
export async function openInBrowser(file: string, env: Env, platform: string = process.platform): Promise<boolean> {
  for (const [program, ...args] of starters(env, platform)) {
    if (await starts(program, [...args, pathToFileURL(file).href], env)) return true;
  }
  return false;
}

/** Programs that open a URL, the likeliest first, each with its arguments: nothing is said through a shell. */
export function starters(env: Env, platform: string): [program: string, ...args: string[]][] {
  // As xdg-open reads it: a list. Entries with a %s are commands for a shell, which is not asked here.
  const own = (env.BROWSER ?? "")
    .split(platform === "win32" ? ";" : ":")
    .filter((name) => name !== "" && !name.includes("%"))
    .map((name): [string] => [name]);
  if (platform === "darwin") return [...own, ["open"]];
  if (platform === "win32") return [...own, ["rundll32", "url.dll,FileProtocolHandler"]];
  // Without a display xdg-open would start a browser for text in the middle of this terminal.
  const hasDisplay = Boolean(env.DISPLAY || env.WAYLAND_DISPLAY);
  return [
    ...own,
    ...(env.WSL_DISTRO_NAME ? [["wslview"] as [string]] : []),
    ...(hasDisplay ? [["xdg-open"] as [string]] : []),
  ];
}

function starts(program: string, args: string[], env: Env): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { env: { ...env }, stdio: "ignore", detached: true, shell: false });
    const timer = setTimeout(() => resolve(true), FAILS_WITHIN_MS);
    const done = (ok: boolean): void => {
      clearTimeout(timer);
      resolve(ok);
    };
    child.once("error", () => done(false));
    child.once("exit", (code) => done(code === 0));
    child.unref();
  });
}
