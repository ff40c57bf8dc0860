// How long files, functions and lines may be.

import ts from "typescript";
import { codeIn, type Finding, lineOf, type Rule, type SourceText, walk } from "./rule.ts";

const maxCodeLines = 300;
const maxFileLines = 350;
const maxFunctionLines = 60;
const maxColumns = 100;
const maxAssemblyColumns = 120;

const isCode = ({ path }: SourceText): boolean => path.endsWith(".ts");

/** Lines that are neither blank nor comment. */
function countCodeLines(lines: readonly string[]): number {
  let inComment = false;
  return lines.filter((line) => {
    const text = line.trim();
    const isComment = inComment || text.startsWith("//") || text.startsWith("/*");
    if (text.startsWith("/*")) inComment = true;
    if (text.endsWith("*/")) inComment = false;
    return text !== "" && !isComment;
  }).length;
}

const files: Rule = {
  name: `a file has at most ${maxCodeLines} lines of code, ${maxFileLines} with comments`,
  check: (all) =>
    all.filter(isCode).flatMap(({ path, text }) => {
      const lines = text.trimEnd().split("\n");
      const codeLines = countCodeLines(lines);
      if (lines.length <= maxFileLines && codeLines <= maxCodeLines) return [];
      const advice = `${lines.length} lines, ${codeLines} of code: which second thing is in here?`;
      return [{ path, line: lines.length, advice }];
    }),
  examples: [
    { files: { "src/a.ts": "a();\n".repeat(300) + "// b\n".repeat(50) }, found: [] },
    { files: { "src/a.ts": "a();\n".repeat(301) }, found: ["src/a.ts:301"] },
    { files: { "assembly/a.ts": "/*\n */\n".repeat(176) }, found: ["assembly/a.ts:352"] },
  ],
};

/** A `describe` block is a chapter of tests, not a function. */
function isDescribeBlock(node: ts.Node): boolean {
  return ts.isCallExpression(node.parent) && /^describe\b/.test(node.parent.expression.getText());
}

function findLongFunctions(file: SourceText): Finding[] {
  const findings: Finding[] = [];
  walk(file, (node) => {
    if (!ts.isFunctionLike(node) || !("body" in node) || !node.body) return;
    const start = node.name?.getStart() ?? node.getStart();
    const lines = lineOf(file, node.getEnd()) - lineOf(file, start) + 1;
    if (lines <= maxFunctionLines || isDescribeBlock(node)) return;
    const name = node.name?.getText() ?? "this function";
    const advice = `${name} has ${lines} lines; name its parts and make them functions.`;
    findings.push({ path: file.path, line: lineOf(file, start), advice });
  });
  return findings;
}

const functions: Rule = {
  name: `a function has at most ${maxFunctionLines} lines`,
  check: (all) => all.filter(isCode).flatMap(findLongFunctions),
  examples: [
    { files: { "src/a.ts": `function a() {\n${"b();\n".repeat(58)}}\n` }, found: [] },
    { files: { "src/a.ts": `\nfunction a() {\n${"b();\n".repeat(59)}}\n` }, found: ["src/a.ts:2"] },
    { files: { "bench/a.ts": `g(() => {\n${"b();\n".repeat(59)}});\n` }, found: ["bench/a.ts:1"] },
    { files: { "test/a.ts": `describe("a", () => {\n${"b();\n".repeat(99)}});\n` }, found: [] },
  ],
};

function findLongLines(file: SourceText, columns: number): Finding[] {
  return file.text.split("\n").flatMap((text, index) => {
    // An address cannot be broken.
    if (text.length <= columns || /https?:\/\//.test(text)) return [];
    const advice = `${text.length} columns, ${columns} are allowed; break the line.`;
    return [{ path: file.path, line: index + 1, advice }];
  });
}

const lines: Rule = {
  name: `a line has at most ${maxColumns} columns, in assembly/ ${maxAssemblyColumns}`,
  check: (all) => [
    ...codeIn(all, "assembly").flatMap((file) => findLongLines(file, maxAssemblyColumns)),
    ...all
      .filter((file) => isCode(file) && !file.path.startsWith("assembly/"))
      .flatMap((file) => findLongLines(file, maxColumns)),
  ],
  examples: [
    {
      files: {
        "assembly/a.ts": `// ${"a".repeat(117)}\n// ${"b".repeat(118)}\n`,
        "src/a.ts": `// ${"a".repeat(97)}\n// ${"b".repeat(98)}\n`,
        "vitest.config.ts": `// ${"a".repeat(98)}\n`,
        "test/vectors/a.json": `"${"a".repeat(200)}"`,
      },
      found: ["assembly/a.ts:2", "src/a.ts:2", "vitest.config.ts:1"],
    },
  ],
};

export const lengths: Rule[] = [files, functions, lines];
