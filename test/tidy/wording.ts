// Names and comments: what every file says about itself, and the words nobody may use.

import ts from "typescript";
import { codeIn, exportedNames, findingAt, parse, type Rule, wordsOf } from "./rule.ts";

const codeFolders = ["assembly", "bench", "src", "test"];

/** The text of the comment that a file opens with, after a `#!` line. */
function openingComment(text: string): string {
  const match = /^(?:#!.*\n)?\s*((?:\/\/.*\n)+|\/\*[\s\S]*?\*\/)/.exec(text);
  return (match?.[1] ?? "")
    .split("\n")
    .map((line) => line.replace(/^\s*(\/\/|\/?\*+\/?)/, "").trim())
    .join(" ")
    .trim();
}

const openingSentence: Rule = {
  name: "every file opens with a sentence that says what it is for",
  check: (files) =>
    files
      .filter(({ path }) => path.endsWith(".ts"))
      .flatMap(({ path, text }) => {
        if (/^(\S+\s+){2,}?\S*[.:!?]/.test(openingComment(text))) return [];
        const advice = "Begin the file with a comment: one sentence of what the file is for.";
        return [{ path, line: 1, advice }];
      }),
  examples: [
    {
      files: {
        "src/a.ts": "// Reads a file of bars.\n\nexport {};\n",
        "src/b.ts": "#!/usr/bin/env node\n/**\n * Runs the\n * command.\n */\nexport {};\n",
        "src/c.ts": "export {}; // It comes too late.\n",
        "test/d.test.ts": "// d\nexport {};\n",
      },
      found: ["src/c.ts:1", "test/d.test.ts:1"],
    },
  ],
};

const docstrings: Rule = {
  name: "every exported function has a docstring",
  check: (files) =>
    codeIn(files, "assembly", "src").flatMap((file) => {
      const described = new Set<string>();
      return parse(file).statements.flatMap((statement) => {
        const name = exportedFunctionName(statement);
        if (name === undefined) return [];
        const comments = ts.getLeadingCommentRanges(file.text, statement.getFullStart()) ?? [];
        if (comments.some(({ pos }) => file.text.startsWith("/**", pos))) described.add(name);
        if (described.has(name)) return [];
        return [findingAt(file, statement, `Say in a /** docstring */ what ${name} does.`)];
      });
    }),
  examples: [
    {
      files: {
        "src/a.ts":
          "/** One. */\nexport function a(x: 1): void;\nexport function a(x: 2): void;\n" +
          "export function b() {}\nexport const c = () => 1;\nfunction d() {}\n",
        "assembly/e.ts":
          "/** One. */\n// @ts-ignore: decorator\n@inline\nexport function e(): void {}\n",
      },
      found: ["src/a.ts:4", "src/a.ts:5"],
    },
  ],
};

/** The name of the function that a statement exports, if it exports one. */
function exportedFunctionName(statement: ts.Statement): string | undefined {
  const modifiers = ts.canHaveModifiers(statement) ? ts.getModifiers(statement) : undefined;
  if (!modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)) return undefined;
  if (ts.isFunctionDeclaration(statement)) return statement.name?.text ?? "the default export";
  if (!ts.isVariableStatement(statement)) return undefined;
  const [declaration] = statement.declarationList.declarations;
  const isFunction =
    declaration?.initializer &&
    (ts.isArrowFunction(declaration.initializer) ||
      ts.isFunctionExpression(declaration.initializer));
  return isFunction ? declaration.name.getText() : undefined;
}

const bannedAnywhere = /^(utils?|helpers?|handlers?|misc|common|temp|tmp|data2)$/;

/** Words that say nothing where they stand, but have a meaning inside a longer name. */
const bannedAtEnds = { first: /^(new|old|process)$/, last: /^(new|old)$/ };

/** Names with a banned word that is the field's own. */
const allowedNames = new Map([
  ["helpersAttached", "helper threads are the threads that help the leader of a job"],
  ["POOL_HELPERS", "the same"],
]);

/** The word of a name that may not be there. */
function bannedWord(name: string): string | undefined {
  const words = wordsOf(name);
  const [first, last] = [words[0] ?? "", words.at(-1) ?? ""];
  if (bannedAtEnds.first.test(first)) return first;
  if (bannedAtEnds.last.test(last)) return last;
  return words.find((word) => bannedAnywhere.test(word));
}

const fileNames: Rule = {
  name: "no file or folder is named after nothing (util, helper, common, new, ...)",
  check: (files) =>
    files.flatMap(({ path }) => {
      const parts = path.split("/").map((part) => part.replace(/\..*$/, ""));
      const word = parts.map(bannedWord).find((each) => each !== undefined);
      const advice = `"${word}" says nothing; name the file after the one thing it exports.`;
      return word ? [{ path, line: 1, advice }] : [];
    }),
  examples: [
    {
      files: {
        "src/string-utils.ts": "",
        "src/helpers/a.ts": "",
        "test/new-network.test.ts": "",
        "src/pipeline/trigger/minimum-new-trigger.ts": "",
        "src/temperature.ts": "",
      },
      found: ["src/string-utils.ts:1", "src/helpers/a.ts:1", "test/new-network.test.ts:1"],
    },
  ],
};

const exportNames: Rule = {
  name: "no export is named after nothing (util, helper, handler, process..., new..., ...)",
  check: (files) =>
    codeIn(files, ...codeFolders).flatMap((file) =>
      exportedNames(file).flatMap(({ name, node }) => {
        const word = bannedWord(name);
        if (!word || allowedNames.has(name)) return [];
        return [findingAt(file, node, `"${word}" in ${name} says nothing; use the field's word.`)];
      }),
    ),
  examples: [
    {
      files: {
        "src/a.ts":
          "export function processFeedback() {}\nexport class MinimumNewTrigger {}\n" +
          "export const lossHandler = 1, loss = 2;\nexport type OldWeights = 1;\n",
        "src/b.ts": 'export { run as runHelper } from "./a.ts";\nconst util = 1;\n',
      },
      found: ["src/a.ts:1", "src/a.ts:3", "src/a.ts:4", "src/b.ts:1"],
    },
  ],
};

const kebabCase: Rule = {
  name: "files of code have kebab-case names",
  check: (files) =>
    codeIn(files, ...codeFolders).flatMap(({ path }) => {
      const name = path.slice(path.lastIndexOf("/") + 1);
      if (/^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z]+)*\.ts$/.test(name)) return [];
      return [{ path, line: 1, advice: `Rename ${name}: lower case, words joined by hyphens.` }];
    }),
  examples: [
    {
      files: { "src/lossDelta.ts": "", "src/loss-delta.ts": "", "test/a_b.test.ts": "" },
      found: ["src/lossDelta.ts:1", "test/a_b.test.ts:1"],
    },
  ],
};

export const wording: Rule[] = [openingSentence, docstrings, fileNames, exportNames, kebabCase];
