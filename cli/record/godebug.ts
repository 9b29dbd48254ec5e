/** GODEBUG with these settings, on top of what the user's own has. A setting of the user's is kept. */
export function withGodebug(own: string | undefined, settings: readonly string[]): string {
  const kept = (own ?? "").split(",").filter((part) => part !== "");
  const names = new Set(kept.map((part) => part.split("=", 1)[0]));
  return [...kept, ...settings.filter((setting) => !names.has(setting.split("=", 1)[0]))].join(",");
}

export function settingsFor(addresses: boolean): string[] {
  return ["gctrace=1", "scavtrace=1", ...(addresses ? ["traceallocfree=1"] : [])];
}

/** True if the user asked for the runtime's lines and will look for them. */
export function wantsRuntimeLines(own: string | undefined): boolean {
  return /(?:^|,)(?:gctrace|scavtrace)=[1-9]/.test(own ?? "");
}
