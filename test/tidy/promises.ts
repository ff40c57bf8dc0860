// What is written down twice is the same in both places: the ABI, the error codes, the list of
// tested kernels.

import { join } from "node:path/posix";
import ts from "typescript";
import {
  codeIn,
  exportedNames,
  type Finding,
  findingAt,
  parse,
  type Rule,
  type SourceText,
} from "./rule.ts";

const abiPath = "src/core/abi.ts";
const coreIndex = "assembly/index.ts";
const errorsDoc = "docs/errors.md";
const errorsSource = "src/errors.ts";

function fileAt(files: readonly SourceText[], path: string): SourceText | undefined {
  return files.find((file) => file.path === path);
}

const absent = (path: string, advice: string): Finding => ({ path, line: 1, advice });

const kernelsTested: Rule = {
  name: "every function of the core is named in a test under test/assembly/",
  check(files) {
    const index = fileAt(files, coreIndex);
    if (!index) return [absent(coreIndex, "Create it: it lists the whole ABI.")];
    const tests = codeIn(files, "test/assembly").filter(({ path }) => path.endsWith(".test.ts"));
    return exportedNames(index).flatMap(({ name, node }) => {
      if (tests.some(({ text }) => new RegExp(`\\b${name}\\b`).test(text))) return [];
      const advice = `Test ${name} in test/assembly/*.test.ts, against its slow reference.`;
      return [findingAt(index, node, advice)];
    });
  },
  examples: [
    {
      files: {
        [coreIndex]: 'export { dot } from "./dot";\nexport { axpy } from "./axpy";\n',
        "test/assembly/vector.test.ts": 'it("dot", () => check(core.dot));\n',
        "test/axpy.test.ts": "axpy();\n",
      },
      found: [`${coreIndex}:2`],
    },
    { files: {}, found: [`${coreIndex}:1`] },
  ],
};

/** Parameter names of every function that the core exports, by the name it is exported under. */
function coreParameters(files: readonly SourceText[], index: SourceText): Map<string, string[]> {
  const parameters = new Map<string, string[]>();
  for (const { name, node } of exportedNames(index)) {
    if (!ts.isExportSpecifier(node)) continue;
    const { moduleSpecifier } = node.parent.parent;
    if (!moduleSpecifier || !ts.isStringLiteral(moduleSpecifier)) continue;
    const home = fileAt(files, `${join("assembly", moduleSpecifier.text)}.ts`);
    const declared = (node.propertyName ?? node.name).text;
    for (const each of home ? parse(home).statements : []) {
      if (!ts.isFunctionDeclaration(each) || each.name?.text !== declared) continue;
      parameters.set(
        name,
        each.parameters.map((parameter) => parameter.name.getText()),
      );
    }
  }
  return parameters;
}

/** The parameter names of a method or of a property with a function type. */
function memberParameters(member: ts.TypeElement): string[] | undefined {
  const type = ts.isPropertySignature(member) ? member.type : member;
  if (!type || !(ts.isMethodSignature(type) || ts.isFunctionTypeNode(type))) return undefined;
  return type.parameters.map(({ name }) => name.getText());
}

function compareAbi(files: readonly SourceText[], index: SourceText, abi: SourceText): Finding[] {
  const type = parse(abi).statements.find(
    (each) => ts.isInterfaceDeclaration(each) && each.name.text === "CoreExports",
  );
  if (!type || !ts.isInterfaceDeclaration(type)) {
    return [absent(abiPath, "Declare the interface CoreExports: one member per core function.")];
  }
  const members = new Map(type.members.map((each) => [each.name?.getText() ?? "", each]));
  const exports = exportedNames(index);
  const parameters = coreParameters(files, index);
  const missing = exports
    .filter(({ name }) => !members.has(name))
    .map(({ name, node }) => findingAt(index, node, `Add ${name} to CoreExports in ${abiPath}.`));
  const different = [...members].flatMap(([name, member]) => {
    if (!exports.some((each) => each.name === name)) {
      return [findingAt(abi, member, `${coreIndex} exports no ${name}: export it or drop it.`)];
    }
    const [ours, theirs] = [memberParameters(member), parameters.get(name)];
    if (!ours || !theirs || ours.join() === theirs.join()) return [];
    return [findingAt(abi, member, `The core declares ${name}(${theirs.join(", ")}).`)];
  });
  return [...missing, ...different];
}

const abiEqualsType: Rule = {
  name: "the exports of the core equal the interface CoreExports, parameters included",
  check(files) {
    const [index, abi] = [fileAt(files, coreIndex), fileAt(files, abiPath)];
    if (!index) return [absent(coreIndex, "Create it: it lists the whole ABI.")];
    if (!abi) return [absent(abiPath, "Create it with the interface CoreExports.")];
    return compareAbi(files, index, abi);
  },
  examples: [
    {
      files: {
        [coreIndex]: 'export { dot, length as norm } from "./v";\nexport { axpy } from "./v";\n',
        "assembly/w.ts": "function dot(): void {}\n",
        "assembly/v.ts":
          "export function dot(x: usize, n: i32): f64 {}\n" +
          "export function length(x: usize): f64 {}\nexport function axpy(y: usize): void {}\n",
        [abiPath]:
          "export interface CoreExports {\n  dot(x: number, n: number): number;\n" +
          "  norm: (y: number) => number;\n  sum(x: number): number;\n}\n",
      },
      found: [`${coreIndex}:2`, `${abiPath}:3`, `${abiPath}:4`],
    },
    { files: { [coreIndex]: "" }, found: [`${abiPath}:1`] },
    {
      files: { [coreIndex]: "", [abiPath]: "export interface Core {}\n" },
      found: [`${abiPath}:1`],
    },
  ],
};

/** The codes of the union `ErrorCode`, with their nodes. */
function errorCodes(source: SourceText): { name: string; node: ts.Node }[] {
  return parse(source).statements.flatMap((statement) => {
    if (!ts.isTypeAliasDeclaration(statement) || statement.name.text !== "ErrorCode") return [];
    const types = ts.isUnionTypeNode(statement.type) ? statement.type.types : [statement.type];
    return types.flatMap((node) =>
      ts.isLiteralTypeNode(node) && ts.isStringLiteral(node.literal)
        ? [{ name: node.literal.text, node }]
        : [],
    );
  });
}

const headingPattern = /^#{2,4}\s+`?([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*)`?\s*$/;

const errorsDocumented: Rule = {
  name: `the error codes of ${errorsSource} equal the headings of ${errorsDoc}`,
  check(files) {
    const [source, doc] = [fileAt(files, errorsSource), fileAt(files, errorsDoc)];
    if (!source) return [absent(errorsSource, "Create it with the union ErrorCode.")];
    if (!doc) return [absent(errorsDoc, "Create it with one heading (## CODE) per error code.")];
    const codes = errorCodes(source);
    const headings = doc.text.split("\n").flatMap((text, index) => {
      const name = headingPattern.exec(text)?.[1];
      return name ? [{ name, line: index + 1 }] : [];
    });
    const missing = codes
      .filter(({ name }) => !headings.some((heading) => heading.name === name))
      .map(({ name, node }) => findingAt(source, node, `Explain ${name} in ${errorsDoc}.`));
    const unknown = headings.flatMap(({ name, line }) =>
      codes.some((code) => code.name === name)
        ? []
        : [{ path: errorsDoc, line, advice: `No error has the code ${name}; drop the heading.` }],
    );
    return [...missing, ...unknown];
  },
  examples: [
    {
      files: {
        [errorsSource]: 'export type ErrorCode =\n  | "DISPOSED_TWICE"\n  | "FILE_CORRUPT";\n',
        [errorsDoc]: "# Errors\n\n## FILE_CORRUPT\n\n### `FILE_LOST`\n",
      },
      found: [`${errorsSource}:2`, `${errorsDoc}:5`],
    },
    { files: { [errorsSource]: "" }, found: [`${errorsDoc}:1`] },
  ],
};

const errorsThrown: Rule = {
  name: "every error code is used",
  check(files) {
    const source = fileAt(files, errorsSource);
    if (!source) return [absent(errorsSource, "Create it with the union ErrorCode.")];
    const others = codeIn(files, "src").filter(({ path }) => path !== errorsSource);
    return errorCodes(source)
      .filter(({ name }) => !others.some(({ text }) => text.includes(`"${name}"`)))
      .map(({ name, node }) => findingAt(source, node, `Nothing throws ${name}; drop it.`));
  },
  examples: [
    {
      files: {
        [errorsSource]: 'export type ErrorCode =\n  | "FILE_LOST"\n  | "FILE_CORRUPT";\n',
        "src/a.ts": 'throw new DriftkeelError("FILE_LOST", "gone");\n',
      },
      found: [`${errorsSource}:3`],
    },
  ],
};

export const promises: Rule[] = [kernelsTested, abiEqualsType, errorsDocumented, errorsThrown];
