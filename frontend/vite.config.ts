import { defineConfig } from "vitest/config";

// Django serves the result: it reads the manifest, and "base" is its STATIC_URL.
export default defineConfig({
  base: "/static/",
  build: {
    outDir: "dist",
    manifest: true,
    target: "es2022",
    modulePreload: { polyfill: false },
    rolldownOptions: { input: "src/main.ts" },
  },
  test: {
    environment: "node",
    include: ["src/**/*.test.ts"],
    restoreMocks: true,
  },
});
