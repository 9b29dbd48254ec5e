import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["**/*.test.ts", "**/*.test.tsx"],
    exclude: ["node_modules/**", "dist/**"],
    setupFiles: ["./vitest.setup.ts"],
    testTimeout: 60_000,
    // Two cores: more workers than that only add memory.
    maxWorkers: 2,
  },
});
