/**
 * Makes one declaration file of a module: the types that its users can see, and no others.
 *
 * TypeScript says the declarations of each source by itself; those that the entry's exports
 * lead to are put into one text.
 */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

import ts from "typescript";

/** A declaration without "export", and the names that it mentions. */
interface Declaration {
  text: string;
  isType: boolean;
  mentions: ReadonlySet<string>;
}

interface Export {
  name: string;
  from: string;
  isType: boolean;
}

interface Module {
  declarations: Map<string, Declaration>;
  /** Name to file, of what is imported. */
  imports: Map<string, string>;
  /** What is passed on from other modules. */
  exports: Export[];
}

/** Say the declarations of what a file exports, in one text without imports. */
export function declarationsOf(entry: string): string {
  const library = new Library();
  const list = library.read(entry).exports.map(({ name, from, isType }) => {
    library.reach(name, from);
    return `  ${isType ? "type " : ""}${name},`;
  });
  return `${library.text}\nexport {\n${list.join("\n")}\n};\n`;
}

class Library {
  private readonly modules = new Map<string, Module>();
  /** Name to declaration and file, in the order in which they were reached. */
  private readonly reached = new Map<string, { text: string; file: string }>();

  get text(): string {
    return [...this.reached.values()].map(({ text }) => text).join("\n");
  }

  read(file: string): Module {
    const known = this.modules.get(file);
    if (known !== undefined) return known;
    const module: Module = { declarations: new Map(), imports: new Map(), exports: [] };
    this.modules.set(file, module);
    for (const statement of statementsOf(file)) {
      if (ts.isImportDeclaration(statement)) {
        const from = sourceOf(statement.moduleSpecifier, file);
        for (const name of importedNames(statement)) module.imports.set(name, from);
      } else if (ts.isExportDeclaration(statement)) {
        module.exports.push(...this.passedOn(statement, file));
      } else {
        module.declarations.set(declaredName(statement), declarationOf(statement));
      }
    }
    return module;
  }

  /** Take a declaration and all that it mentions. */
  reach(name: string, file: string): void {
    const { declarations, imports } = this.read(file);
    const declaration = declarations.get(name);
    if (declaration === undefined) throw new Error(`${file} declares no ${name}.`);
    const taken = this.reached.get(name);
    if (taken !== undefined) {
      if (taken.file === file) return;
      throw new Error(`${name} has two meanings: in ${taken.file} and in ${file}.`);
    }
    this.reached.set(name, { text: declaration.text, file });
    for (const mentioned of declaration.mentions) {
      const source = declarations.has(mentioned) ? file : imports.get(mentioned);
      if (source !== undefined) this.reach(mentioned, source);
    }
  }

  private passedOn(statement: ts.ExportDeclaration, file: string): Export[] {
    const { exportClause, moduleSpecifier, isTypeOnly } = statement;
    // "export {}" only says that this is a module.
    if (moduleSpecifier === undefined) return [];
    const from = sourceOf(moduleSpecifier, file);
    const { declarations } = this.read(from);
    if (exportClause !== undefined && ts.isNamedExports(exportClause)) {
      return exportClause.elements.map((element) => {
        const name = plainName(element);
        const isType = declarations.get(name)?.isType === true;
        return { name, from, isType: isTypeOnly || element.isTypeOnly || isType };
      });
    }
    const all = [...declarations].map(([name, { isType }]) => ({ name, from, isType }));
    return all.filter(({ isType }) => isType || !isTypeOnly);
  }
}

function statementsOf(file: string): readonly ts.Statement[] {
  const { outputText, diagnostics = [] } = ts.transpileDeclaration(readFileSync(file, "utf8"), {
    fileName: file,
    compilerOptions: { target: ts.ScriptTarget.ES2022, strict: true },
    reportDiagnostics: true,
  });
  const [complaint] = diagnostics;
  if (complaint !== undefined) {
    const text = ts.flattenDiagnosticMessageText(complaint.messageText, "\n");
    throw new Error(`The types of ${file} cannot be said: ${text}`);
  }
  return ts.createSourceFile(file, outputText, ts.ScriptTarget.ES2022, true).statements;
}

function importedNames(statement: ts.ImportDeclaration): string[] {
  const bindings = statement.importClause?.namedBindings;
  if (bindings === undefined || !ts.isNamedImports(bindings)) {
    throw new Error(`Import by names, not so: ${statement.getText()}`);
  }
  return bindings.elements.map(plainName);
}

function plainName(specifier: ts.ImportSpecifier | ts.ExportSpecifier): string {
  if (specifier.propertyName !== undefined) {
    throw new Error(`Names must stay what they are, not so: ${specifier.getText()}`);
  }
  return specifier.name.text;
}

function sourceOf(specifier: ts.Expression, file: string): string {
  const { text } = specifier as ts.StringLiteral;
  if (!text.startsWith(".")) throw new Error(`${file} depends on ${text}.`);
  return join(dirname(file), `${text}.ts`);
}

function declarationOf(statement: ts.Statement): Declaration {
  const mentions = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) mentions.add(node.text);
    node.forEachChild(visit);
  };
  visit(statement);
  mentions.delete(declaredName(statement));
  return {
    text: commentOf(statement) + statement.getText().replace(/^export /, ""),
    isType: ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement),
    mentions,
  };
}

function declaredName(statement: ts.Statement): string {
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations[0]?.name.getText() ?? "";
  }
  return (statement as ts.DeclarationStatement).name?.getText() ?? "";
}

/** The comment of a declaration; that at the beginning of a file is about the file. */
function commentOf(statement: ts.Statement): string {
  const comment = ts.getJSDocCommentsAndTags(statement).filter(ts.isJSDoc).at(-1);
  return comment === undefined || comment.pos === 0 ? "" : `${comment.getText()}\n`;
}
