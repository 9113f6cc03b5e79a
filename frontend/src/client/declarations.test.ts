import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import ts from "typescript";
import { afterAll, beforeAll, expect, test } from "vitest";

import { declarationsOf } from "../../declarations";
import * as client from "./index";

// TypeScript reads all that a browser has; a busy machine takes its time for that.
const PATIENCE_MS = 60_000;

let folder = "";
let declarations = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "carillon-types-"));
  declarations = declarationsOf("src/client/index.ts");
  writeFileSync(join(folder, "carillon-client.d.ts"), declarations);
}, PATIENCE_MS);

afterAll(() => rmSync(folder, { recursive: true }));

/** What a strict compiler says to programs beside the declarations, and to these. */
function complaints(programs: Record<string, string>): string[] {
  const files = Object.entries(programs).map(([name, text]) => {
    const file = join(folder, name);
    writeFileSync(file, text);
    return file;
  });
  const program = ts.createProgram(files, {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    lib: ["lib.es2022.d.ts", "lib.dom.d.ts"],
    types: [],
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    // The declarations have to stand by themselves; the browser's are believed.
    skipDefaultLibCheck: true,
  });
  return ts
    .getPreEmitDiagnostics(program)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"));
}

/** Every line below "@ts-expect-error" has to be refused. */
const WRONG = `
import { CarillonClient, type ClientOptions, HttpError, type NotificationFrame } from "./carillon-client.js";

const options: ClientOptions = { ticket: async () => ({ ticket: "t", inbox_token: "i" }) };
const client = new CarillonClient(options);
// @ts-expect-error no such option
new CarillonClient({ server: "https://push.example.org" });
// @ts-expect-error a ticket is a text
new CarillonClient({ ticket: async () => 7 });
// @ts-expect-error no such event
client.on("notifications", () => undefined);
// @ts-expect-error unread carries a number
client.on("unread", ({ unread }) => unread.trim());
client.on("notification", (frame: NotificationFrame) => {
  // @ts-expect-error a severity of the three
  if (frame.severity === "fatal") return;
  // @ts-expect-error any JSON value, so not yet a text
  frame.value.trim();
});
client.on("status", (status) => {
  // @ts-expect-error only where it stopped
  status.reason;
  if (status.phase === "stopped") status.reason satisfies string;
});
// @ts-expect-error keys, not numbers
client.acknowledge([7]);
// @ts-expect-error no such action
void client.inbox.act("key", "delete");
// @ts-expect-error not for others
client.http;
const error: unknown = new HttpError(401, "no");
if (error instanceof HttpError && error.isLoginRequired) client.close();
`;

test(
  "a strict compiler takes the documented program, and refuses what is wrong",
  () => {
    const page = readFileSync("../docs/javascript-client.md", "utf8");
    const documented = /<!-- example: typescript -->\n```ts\n(.*?)```/s.exec(page)?.[1] ?? "";
    expect(documented).not.toBe("");

    expect(complaints({ "documented.ts": documented, "wrong.ts": WRONG })).toEqual([]);
  },
  PATIENCE_MS,
);

test("they name what the module has when it runs, and nothing else", () => {
  const list = /\nexport \{\n(.*)\n\};\n$/s.exec(declarations)?.[1] ?? "";
  const names = list.split("\n").map((line) => line.trim().replace(",", ""));
  const values = names.filter((name) => !name.startsWith("type "));

  expect(values.sort()).toEqual(Object.keys(client).sort());
  expect(declarations).not.toMatch(/\bimport\b/);
});
