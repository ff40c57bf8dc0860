// Nothing unfinished, nothing switched off, nothing left behind.

import { codeIn, type Finding, matchingLines, type Rule, type SourceText } from "./rule.ts";

const workFolders = /^(src|assembly|test|bench)\//;

// Put together from parts, so that this file does not contain what it looks for.
const marks = ["TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK"];
const phrases = ["[Nn]ot " + "implemented", "[Pp]lace" + "holder"];
const leftover = new RegExp(`\\b(${marks.join("|")})\\b|${phrases.join("|")}`);

const noMarkers: Rule = {
  name: "no leftover markers",
  check: (files) =>
    files
      .filter(({ path }) => workFolders.test(path))
      .flatMap((file) => matchingLines(file, leftover, "Finish it, or file an issue for it.")),
  examples: [
    {
      files: {
        "src/a.ts": `// ${marks[0]}: more\nconst todo = 1;\nthrow Error("${"not imple"}mented");\n`,
        "test/b.py": `# ${marks[1]}\n`,
        "docs/c.md": `${marks[0]}\n`,
      },
      found: ["src/a.ts:1", "src/a.ts:3", "test/b.py:1"],
    },
  ],
};

const switchedOff =
  /\.(skip|only|todo)(\(|\.|`|;|$)|\b(skip|only|todo): true|\b(xit|xdescribe|xtest)\(/;
/** A condition that is written down is no condition. */
const alwaysOff = /\.(skipIf\(true|runIf\(false)/;

const noSkips: Rule = {
  name: "no test is skipped, singled out or only announced",
  check: (files) =>
    codeIn(files, "src", "assembly", "test", "bench").flatMap((file) => [
      ...matchingLines(file, switchedOff, "Run every test, or delete it."),
      ...matchingLines(file, alwaysOff, "Name what the machine must have, not true or false."),
    ]),
  examples: [
    {
      files: {
        "test/a.test.ts":
          `it${".skip"}("a", f);\ndescribe${".only"}.each([1])("b", f);\nit${".todo"}("c");\n` +
          `it("d", { ${"skip"}: true }, f);\ndescribe.${"skipIf"}(true)("e", f);\n` +
          `describe.skipIf(!chromium)("f", f);\nfor (const skipped of list) use(skipped);\n`,
      },
      found: [1, 2, 3, 4, 5].map((line) => `test/a.test.ts:${line}`),
    },
  ],
};

/** A line of a `//` comment that begins and ends like a statement. */
const statement = new RegExp(
  [
    "(const|let|var|return|import|export|await|throw)\\b.*;",
    "(if|for|while) \\(.*[;{]",
    "[\\w.]+\\(.*\\);",
    "\\}",
  ]
    .map((form) => `^\\s*//\\s*${form}\\s*$`)
    .join("|"),
);

function findCommentedOut(file: SourceText): Finding[] {
  return matchingLines(file, statement, "Delete the code in this comment; git remembers it.");
}

const noCommentedOutCode: Rule = {
  name: "no code is commented out",
  check: (files) =>
    codeIn(files, "src", "assembly", "test", "bench").flatMap((file) => findCommentedOut(file)),
  examples: [
    {
      files: {
        "src/a.ts":
          "// const rate = 1;\n  // update(model, rate);\n// if (ready) {\n// }\n" +
          "// return to the mean, then: let it settle\n// for (unlikely) ties the first wins\n",
      },
      found: [1, 2, 3, 4].map((line) => `src/a.ts:${line}`),
    },
  ],
};

export const unfinished: Rule[] = [noMarkers, noSkips, noCommentedOutCode];
