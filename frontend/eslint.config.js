import { defineConfig } from "eslint/config";
import js from "@eslint/js";
import tseslint from "typescript-eslint";

export default defineConfig(
  { ignores: ["dist/", "node_modules/"] },
  js.configs.recommended,
  tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: true,
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      complexity: ["error", 12],
      "max-lines": ["error", { max: 400 }],
      "max-statements": ["error", 35],
      "max-params": ["error", 3],
      eqeqeq: "error",
      "no-console": "error",
      "no-restricted-imports": [
        "error",
        {
          paths: [
            { name: "lit/directives/unsafe-html.js", message: "Bind text; never markup." },
            { name: "lit/directives/unsafe-svg.js", message: "Bind text; never markup." },
            {
              name: "lit/directives/style-map.js",
              message: "The Content-Security-Policy allows no inline style.",
            },
          ],
        },
      ],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/no-confusing-void-expression": [
        "error",
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
    },
  },
  {
    files: ["src/client/**", "src/inbox/**"],
    rules: {
      "no-restricted-imports": [
        "error",
        {
          patterns: [
            {
              group: ["lit", "lit/*", "../page/*"],
              message: "The client and the inbox depend on nothing.",
            },
          ],
        },
      ],
    },
  },
  {
    // Lit calls the listeners of a template with the element as "this".
    files: ["src/page/elements/**"],
    rules: { "@typescript-eslint/unbound-method": "off" },
  },
  { files: ["*.js"], extends: [tseslint.configs.disableTypeChecked] },
  { files: ["**/*.test.ts"], rules: { "max-lines": "off", "max-statements": "off" } },
);
