// The import law of the house: who may know whom.

import ts from "typescript";
import {
  codeIn,
  type Finding,
  findingAt,
  importsOf,
  judgeImports,
  type Rule,
  type SourceText,
  walk,
} from "./rule.ts";

const addressAdvice =
  "Only src/core/ touches addresses, WebAssembly or the loader; give it a function for this.";

/** Modules that hand out addresses or the raw core; the text of the dashboard is neither. */
const rawCore =
  /^(@assemblyscript\/loader|src\/core\/abi\.ts|build\/generated\/(?!dashboard-page\.ts$).*)$/;

/** `new Uint8Array(x.buffer, x.byteOffset)` and its like: a view of the same bytes, no address. */
function isViewArgument(node: ts.Node): boolean {
  const call = ts.isBinaryExpression(node.parent) ? node.parent.parent : node.parent;
  if (!ts.isNewExpression(call) && !ts.isCallExpression(call)) return false;
  return call.arguments?.[0]?.getText().endsWith(".buffer") === true;
}

function isRawName(node: ts.Node): boolean {
  if (ts.isIdentifier(node)) return node.text === "WebAssembly";
  return (
    ts.isPropertyAccessExpression(node) && node.name.text === "byteOffset" && !isViewArgument(node)
  );
}

function findRawNames(files: readonly SourceText[]): Finding[] {
  return codeIn(files, "src")
    .filter(({ path }) => !path.startsWith("src/core/"))
    .flatMap((file) => {
      const findings: Finding[] = [];
      walk(file, (node) => {
        if (isRawName(node)) findings.push(findingAt(file, node, addressAdvice));
      });
      return findings;
    });
}

const assemblyAlone: Rule = {
  name: "assembly/ imports only assembly/",
  check: (files) =>
    judgeImports(files, ["assembly"], (_, target) =>
      target.startsWith("assembly/")
        ? undefined
        : `The core imports nothing from outside; move what it needs of ${target} into assembly/.`,
    ),
  examples: [
    {
      files: {
        "assembly/index.ts": 'export { free } from "./memory";\nimport "../src/errors";\n',
        "assembly/memory.ts": 'import { z } from "zod";\nimport { A } from "./layout";\n',
      },
      found: ["assembly/index.ts:2", "assembly/memory.ts:1"],
    },
  ],
};

const layoutOnly: Rule = {
  name: "src/ imports assembly/layout.ts and nothing else of assembly/, test/ or bench/",
  check: (files) =>
    judgeImports(files, ["src"], (_, target) =>
      /^(assembly|test|bench)\//.test(target) && target !== "assembly/layout.ts"
        ? `src/ may not know ${target}; shared numbers belong in assembly/layout.ts.`
        : undefined,
    ),
  examples: [
    {
      files: {
        "src/core/a.ts": 'import { A } from "../../assembly/layout.ts";\n',
        "src/core/b.ts": 'import { free } from "../../assembly/memory.ts";\n',
        "src/c.ts": 'export const c = () => import("../test/reference/ewc.ts");\n',
      },
      found: ["src/core/b.ts:1", "src/c.ts:1"],
    },
  ],
};

const coreAlone: Rule = {
  name: "only src/core/ touches addresses, WebAssembly or the loader",
  check: (files) => [
    ...judgeImports(files, ["src"], (from, target) =>
      rawCore.test(target) && !from.startsWith("src/core/") ? addressAdvice : undefined,
    ),
    ...findRawNames(files),
  ],
  examples: [
    {
      files: {
        "src/core/core.ts": 'import { instantiate } from "@assemblyscript/loader";\n',
        "src/model/a.ts": 'import { instantiate } from "@assemblyscript/loader";\n',
        "src/model/b.ts": 'import type { CoreExports } from "../core/abi.ts";\n',
        "src/pipeline/c.ts": "// WebAssembly in a comment\nconst at = view.byteOffset;\n",
        "src/store/d.ts":
          "new Uint8Array(a.buffer, a.byteOffset, 4);\nnew DataView(a.buffer, a.byteOffset + 4);\n",
        "src/service/e.ts": "const memory = new WebAssembly.Memory({ initial: 1 });\n",
      },
      found: ["src/model/a.ts:1", "src/model/b.ts:1", "src/pipeline/c.ts:2", "src/service/e.ts:1"],
    },
  ],
};

/** The stage folder of a path, if it lies in one. */
function stageOf(path: string): string | undefined {
  return /^src\/pipeline\/([^/]+)\//.exec(path)?.[1];
}

const stagesAsTypes: Rule = {
  name: "stage folders of the pipeline know each other as types only",
  check: (files) =>
    judgeImports(files, ["src/pipeline"], (from, target, { isTypeOnly }) => {
      const [stage, other] = [stageOf(from), stageOf(target)];
      if (!stage || isTypeOnly) return undefined;
      if (target === "src/pipeline/learner.ts") {
        return "Stages return results; learner.ts calls them, never the other way round.";
      }
      if (!other || other === stage) return undefined;
      return `Write "import type", or let learner.ts hand ${stage}/ the object of ${other}/.`;
    }),
  examples: [
    {
      files: {
        "src/pipeline/learner.ts": 'import { Adwin } from "./drift/adwin.ts";\n',
        "src/pipeline/drift/adwin.ts": 'import { mean } from "./mean.ts";\n',
        "src/pipeline/trigger/a.ts": 'import type { Adwin } from "../drift/adwin.ts";\n',
        "src/pipeline/trigger/b.ts": 'import { Adwin } from "../drift/adwin.ts";\n',
        "src/pipeline/trigger/c.ts": 'import { type Adwin } from "../drift/adwin.ts";\n',
        "src/pipeline/update/d.ts": 'export { Learner } from "../learner.ts";\n',
      },
      found: [
        "src/pipeline/trigger/b.ts:1",
        "src/pipeline/trigger/c.ts:1",
        "src/pipeline/update/d.ts:1",
      ],
    },
  ],
};

function findCycle(graph: Map<string, { target: string; line: number }[]>): Finding[] {
  const finished = new Set<string>();
  const findings: Finding[] = [];
  const enter = (path: string, trail: string[]): void => {
    for (const { target, line } of graph.get(path) ?? []) {
      const start = [...trail, path].indexOf(target);
      if (start >= 0) {
        const cycle = [...trail, path].slice(start).concat(target).join(" -> ");
        findings.push({ path, line, advice: `Break the cycle ${cycle}.` });
      } else if (!finished.has(target)) {
        enter(target, [...trail, path]);
      }
    }
    finished.add(path);
  };
  for (const path of graph.keys()) if (!finished.has(path)) enter(path, []);
  return findings;
}

const noCycles: Rule = {
  name: "no import cycles",
  check(files) {
    const paths = new Set(files.map(({ path }) => path));
    const graph = new Map<string, { target: string; line: number }[]>();
    for (const file of files.filter(({ path }) => path.endsWith(".ts"))) {
      const edges = importsOf(file, files).flatMap(({ targets, line }) =>
        targets.filter((target) => paths.has(target)).map((target) => ({ target, line })),
      );
      graph.set(file.path, edges);
    }
    return findCycle(graph);
  },
  examples: [
    {
      files: {
        "package.json": '{ "imports": { "#port": { "default": "./src/c.ts" } } }',
        "src/a.ts": 'import "./b.ts";\nimport "./d.ts";\n',
        "src/b.ts": '\nimport "#port";\n',
        "src/c.ts": 'import type { A } from "./a.ts";\n',
        "src/d.ts": 'import "./b.ts";\n',
      },
      found: ["src/c.ts:1"],
    },
  ],
};

/** The service's routes need the large zod: Fastify describes them from it. */
const zodAsNamespace: Rule = {
  name: "zod is imported as a namespace, and as zod/mini outside src/service/",
  check: (files) =>
    files.flatMap(({ path, text }) =>
      text.split("\n").flatMap((line, index) => {
        if (!path.startsWith("src/") || !/^import .* from "zod/.test(line)) return [];
        const isNamespace = /^import (type )?\* as z from/.test(line);
        const isSmall = line.includes('"zod/mini"') || path.startsWith("src/service/");
        if (isNamespace && isSmall) return [];
        const advice = `Write \`import * as z from "zod/mini"\`: ${
          isNamespace
            ? "the chained methods of zod cost the browser bundle 20 KB gzipped."
            : "the object `z` drags 80 KB gzipped of locales and converters along."
        }`;
        return [{ path, line: index + 1, advice }];
      }),
    ),
  examples: [
    {
      files: {
        "src/a.ts": 'import { z } from "zod";\n',
        "src/b.ts": 'import * as z from "zod/mini";\n',
        "src/c.ts": 'import type * as z from "zod";\n',
        "src/service/d.ts": 'import * as z from "zod";\n',
      },
      found: ["src/a.ts:1", "src/c.ts:1"],
    },
  ],
};

export const importLaw: Rule[] = [
  assemblyAlone,
  layoutOnly,
  coreAlone,
  stagesAsTypes,
  noCycles,
  zodAsNamespace,
];
