/**
 * Builds what other sites load, under names that stay: the inbox element, and the client
 * with its types.
 *
 * The names carry no hash, so the files are served with a short cache.
 */
import { gzipSync } from "node:zlib";

import { defineConfig, type Plugin } from "vite";

import { declarationsOf } from "./declarations";

const BUDGETS: Record<string, number> = {
  "carillon-inbox.js": 25 * 1024,
  "carillon-client.js": 12 * 1024,
};

function budgets(): Plugin {
  return {
    name: "carillon-budgets",
    writeBundle(_, bundle) {
      for (const [name, output] of Object.entries(bundle)) {
        if (output.type !== "chunk") continue;
        const size = gzipSync(output.code).length;
        const limit = BUDGETS[name];
        if (limit === undefined) this.error(`${name} is not meant to be built.`);
        this.info(`${name}: ${size} of ${limit} bytes gzipped`);
        if (size > limit) this.error(`${name} is too large: ${size} bytes, not ${limit}.`);
      }
    },
  };
}

/** Puts the types of the client beside it. */
function declarations(): Plugin {
  return {
    name: "carillon-declarations",
    generateBundle() {
      const head = "/** The types of carillon-client.js (docs/javascript-client.md). */\n";
      const source = head + declarationsOf(ENTRIES["client"] ?? "");
      this.emitFile({ type: "asset", fileName: "carillon-client.d.ts", source });
    },
  };
}

const ENTRIES: Record<string, string> = {
  inbox: "src/inbox/carillon-inbox.ts",
  client: "src/client/index.ts",
};

/** One file for each mode: built together, they would share a third with a hash. */
export default defineConfig(({ mode }) => {
  const entry = ENTRIES[mode];
  if (entry === undefined) throw new Error("Say --mode inbox or --mode client.");
  return {
    publicDir: false,
    build: {
      outDir: "dist",
      emptyOutDir: false,
      target: "es2022",
      modulePreload: { polyfill: false },
      rolldownOptions: {
        input: { [`carillon-${mode}`]: entry },
        preserveEntrySignatures: "strict",
        output: { entryFileNames: "[name].js" },
      },
    },
    plugins: [budgets(), ...(mode === "client" ? [declarations()] : [])],
  };
});
