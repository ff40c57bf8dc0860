// What a tidy rule is, and how it reads the files it is given.

import { dirname, join } from "node:path/posix";
import ts from "typescript";

/** One text file of the repository; `path` is relative to its root, with forward slashes. */
export interface SourceText {
  readonly path: string;
  readonly text: string;
}

/** One place that breaks a rule, and what to do about it. */
export interface Finding {
  path: string;
  /** From 1. */
  line: number;
  advice: string;
}

/** A tiny repository, path to text, and where a rule finds something in it: `path:line`. */
export interface Example {
  files: Record<string, string>;
  found: string[];
}

/** One house rule that a machine can check. */
export interface Rule {
  /** What holds when nothing is found. */
  name: string;
  check(files: readonly SourceText[]): Finding[];
  /** At least one with findings, so that the rule is known to be able to fail. */
  examples: Example[];
}

/** One import, re-export or `import()` of a module. */
export interface Import {
  specifier: string;
  line: number;
  /** Erased by the compiler: `import type` or `export type`. */
  isTypeOnly: boolean;
  /** Paths in the repository that it may stand for; empty for packages. */
  targets: string[];
}

/** Whether `path` is a TypeScript or AssemblyScript file in one of `folders`. */
function isCodeIn(path: string, ...folders: string[]): boolean {
  return path.endsWith(".ts") && folders.some((folder) => path.startsWith(`${folder}/`));
}

/** The TypeScript and AssemblyScript files in `folders`. */
export function codeIn(files: readonly SourceText[], ...folders: string[]): SourceText[] {
  return files.filter(({ path }) => isCodeIn(path, ...folders));
}

const trees = new WeakMap<SourceText, ts.SourceFile>();

/** The syntax tree of a file. */
export function parse(file: SourceText): ts.SourceFile {
  let tree = trees.get(file);
  if (!tree) {
    tree = ts.createSourceFile(file.path, file.text, ts.ScriptTarget.Latest, true);
    trees.set(file, tree);
  }
  return tree;
}

/** Calls `visit` for every node of a file, parents first. */
export function walk(file: SourceText, visit: (node: ts.Node) => void): void {
  const enter = (node: ts.Node): void => {
    visit(node);
    ts.forEachChild(node, enter);
  };
  enter(parse(file));
}

/** The line of a position, from 1. */
export function lineOf(file: SourceText, position: number): number {
  return parse(file).getLineAndCharacterOfPosition(position).line + 1;
}

/** Where a node begins, as a finding. */
export function findingAt(file: SourceText, node: ts.Node, advice: string): Finding {
  return { path: file.path, line: lineOf(file, node.getStart()), advice };
}

/** Every line of a file that `pattern` matches, as findings. */
export function matchingLines(file: SourceText, pattern: RegExp, advice: string): Finding[] {
  return file.text
    .split("\n")
    .flatMap((text, index) =>
      pattern.test(text) ? [{ path: file.path, line: index + 1, advice }] : [],
    );
}

/** The files that a specifier stands for; AssemblyScript leaves the extension out. */
function resolve(
  from: string,
  specifier: string,
  subpaths: Record<string, Record<string, string>>,
): string[] {
  if (specifier.startsWith("#")) {
    return Object.values(subpaths[specifier] ?? {}).map((path) => join(path));
  }
  if (!specifier.startsWith(".")) return [];
  const target = join(dirname(from), specifier);
  return [/\.[a-z]+$/.test(target) ? target : `${target}.ts`];
}

function specifierOf(node: ts.Node): ts.Expression | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return node.moduleSpecifier;
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
    return node.argument.literal as ts.Expression;
  }
  const isDynamic =
    ts.isCallExpression(node) &&
    (node.expression.kind === ts.SyntaxKind.ImportKeyword ||
      node.expression.getText() === "require");
  return isDynamic ? node.arguments[0] : undefined;
}

function isErased(node: ts.Node): boolean {
  if (ts.isImportDeclaration(node)) return node.importClause?.isTypeOnly === true;
  return ts.isImportTypeNode(node) || (ts.isExportDeclaration(node) && node.isTypeOnly);
}

/** Everything a file imports; `#` subpaths are looked up in package.json among `files`. */
export function importsOf(file: SourceText, files: readonly SourceText[]): Import[] {
  const manifest = files.find(({ path }) => path === "package.json");
  const subpaths = (manifest && JSON.parse(manifest.text).imports) ?? {};
  const imports: Import[] = [];
  walk(file, (node) => {
    const literal = specifierOf(node);
    if (!literal || !ts.isStringLiteralLike(literal)) return;
    imports.push({
      specifier: literal.text,
      line: lineOf(file, node.getStart()),
      isTypeOnly: isErased(node),
      targets: resolve(file.path, literal.text, subpaths),
    });
  });
  return imports;
}

/** The advice of `judge` for every import of every file in `folders` that it objects to. */
export function judgeImports(
  files: readonly SourceText[],
  folders: string[],
  judge: (from: string, target: string, each: Import) => string | undefined,
): Finding[] {
  return codeIn(files, ...folders).flatMap((file) =>
    importsOf(file, files).flatMap((each) => {
      const targets = each.targets.length > 0 ? each.targets : [each.specifier];
      return targets.flatMap((target) => {
        const advice = judge(file.path, target, each);
        return advice === undefined ? [] : [{ path: file.path, line: each.line, advice }];
      });
    }),
  );
}

/** Names that a file exports, each with the node that declares it. */
export function exportedNames(file: SourceText): { name: string; node: ts.Node }[] {
  const names: { name: string; node: ts.Node }[] = [];
  for (const statement of parse(file).statements) {
    if (ts.isExportDeclaration(statement)) {
      const clause = statement.exportClause;
      if (clause && ts.isNamedExports(clause)) {
        for (const node of clause.elements) names.push({ name: node.name.text, node });
      }
    } else if (isExported(statement)) {
      for (const node of declarationsOf(statement)) {
        if (node.name && ts.isIdentifier(node.name)) names.push({ name: node.name.text, node });
      }
    }
  }
  return names;
}

function isExported(node: ts.Statement): boolean {
  return (
    ts.canHaveModifiers(node) &&
    (ts.getModifiers(node) ?? []).some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)
  );
}

function declarationsOf(statement: ts.Statement): readonly ts.NamedDeclaration[] {
  if (ts.isVariableStatement(statement)) return statement.declarationList.declarations;
  return [statement as unknown as ts.NamedDeclaration];
}

/** The words of a file name or identifier, in lower case: `sharpeDrift`, `SHARPE_DRIFT`, ... */
export function wordsOf(name: string): string[] {
  const spaced = name
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replace(/([A-Z])([A-Z][a-z])/g, "$1 $2");
  return spaced.split(/[^A-Za-z0-9]+/).flatMap((word) => (word ? [word.toLowerCase()] : []));
}
