// Same seed, same bytes: who may ask the machine for the time, for chance, or for the console.

import ts from "typescript";
import { codeIn, type Finding, findingAt, type Rule, type SourceText, walk } from "./rule.ts";

interface Ban {
  name: string;
  /** `object.member`, as it is written. */
  members: RegExp;
  /** `new Date()` without a moment. */
  newDate?: boolean;
  /** Beginnings of the paths where it is fine. */
  allowed: string[];
  advice: string;
  examples: Rule["examples"];
}

/** The one place that reads the clock, for options whose default is the real time. */
const clock = "src/clock.ts";

const bans: Ban[] = [
  {
    name: "chance comes from the seeded generator only",
    members: /^(globalThis\.)?(Math\.random|crypto\.(random\w*|getRandomValues))$/,
    allowed: [],
    advice: "Take a seed as an option and draw from the seeded generator.",
    examples: [
      {
        files: {
          "src/a.ts": "const x = Math.random();\n// Math.random in a comment\n",
          "test/b.test.ts": "const pick = Math.random;\ncrypto.getRandomValues(bytes);\n",
        },
        found: ["src/a.ts:1", "test/b.test.ts:1", "test/b.test.ts:2"],
      },
    ],
  },
  {
    name: "the clock is read only where nothing learned depends on it",
    members:
      /^(globalThis\.)?(Date\.now|performance\.(now|timeOrigin)|process\.(hrtime|uptime).*)$/,
    newDate: true,
    allowed: [
      clock,
      "src/core/train-slices.ts", // where a slice of training ends changes nothing it computes
      "src/model/training-run.ts", // the duration in a report
      "bench/",
      "test/",
    ],
    advice: `Take the clock as an option; its default stands in ${clock}.`,
    examples: [
      {
        files: {
          "src/a.ts": "const now = new Date();\nconst then = new Date(0);\n",
          "src/b.ts": "const { now = Date.now } = options;\n",
          "src/cli/c.ts": "performance.now();\nprocess.hrtime.bigint();\n",
          [clock]: "export const now = () => Date.now();\n",
          "bench/d.ts": "performance.now();\n",
        },
        found: ["src/a.ts:1", "src/b.ts:1", "src/cli/c.ts:1", "src/cli/c.ts:2"],
      },
    ],
  },
  {
    name: "only the command line, the demo pages, benches and the build print",
    members: /^(globalThis\.)?(console\.\w+|process\.(stdout|stderr)(\.write)?)$/,
    allowed: ["src/cli/", "src/demo/", "bench/", "esbuild.config.ts"],
    advice: "Return a value or emit an event; src/cli/ is what prints.",
    examples: [
      {
        files: {
          "src/model/a.ts": 'console.log("a");\n',
          "test/b.test.ts": "process.stdout.write(text);\n",
          "src/cli/c.ts": 'console.log("a");\nprocess.stderr.write("b");\n',
        },
        found: ["src/model/a.ts:1", "test/b.test.ts:1"],
      },
    ],
  },
];

function findBanned(file: SourceText, ban: Ban): Finding[] {
  const findings: Finding[] = [];
  walk(file, (node) => {
    const isInner = ts.isPropertyAccessExpression(node.parent ?? node) && !ts.isSourceFile(node);
    const isMember =
      ts.isPropertyAccessExpression(node) &&
      ban.members.test(node.getText()) &&
      !(isInner && ban.members.test(node.parent.getText()));
    const isNow =
      ban.newDate &&
      ts.isNewExpression(node) &&
      node.expression.getText() === "Date" &&
      !node.arguments?.length;
    if (isMember || isNow) findings.push(findingAt(file, node, ban.advice));
  });
  return findings;
}

export const determinism: Rule[] = bans.map((ban) => ({
  name: ban.name,
  check: (files) =>
    codeIn(files, "src", "test", "bench")
      .filter(({ path }) => !ban.allowed.some((start) => path.startsWith(start)))
      .flatMap((file) => findBanned(file, ban)),
  examples: ban.examples,
}));
