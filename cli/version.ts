import { readFileSync } from "node:fs";

/**
 * The version of the package. The sources lie one folder below package.json and the compiled files two, so look upwards.
 */
export function version(): string {
  for (const up of ["../package.json", "../../package.json", "../../../package.json", "../../../../package.json"]) {
    try {
      const found = JSON.parse(readFileSync(new URL(up, import.meta.url), "utf8")) as {
        name?: string;
        version?: string;
      };
      if (found.name === "gopages" && found.version) return found.version;
    } catch {
      // Not here: look further up.
    }
  }
  return "unknown";
}
