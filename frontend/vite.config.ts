import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

/** All that the page loads, gzipped. */
const PAGE_BUDGET = 72 * 1024;

function pageBudget(): Plugin {
  return {
    name: "carillon-page-budget",
    writeBundle({ dir = "" }, bundle) {
      const loaded = Object.keys(bundle).filter((name) => /\.(js|css)$/.test(name));
      const sizes = loaded.map((name) => gzipSync(readFileSync(join(dir, name))).length);
      const size = sizes.reduce((sum, each) => sum + each, 0);
      this.info(`the page: ${size} of ${PAGE_BUDGET} bytes gzipped`);
      if (size > PAGE_BUDGET) this.error(`The page is too large: ${size} bytes gzipped.`);
    },
  };
}

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
  plugins: [pageBudget()],
  test: {
    environment: "node",
    include: ["src/**/*.test.ts"],
    restoreMocks: true,
  },
});
