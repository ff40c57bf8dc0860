// The layers of src/: what stands above the pipeline is never imported back.

import ts from "typescript";
import { codeIn, findingAt, judgeImports, parse, type Rule } from "./rule.ts";

/** Folders below, in any order: the stages' own law and the ban on cycles order them. */
const below = ["core", "model", "pipeline", "statistics", "store"];

/** Folders above the pipeline, each with the other ones above that it may import. */
const above: Record<string, string[]> = {
  learners: [],
  replay: [],
  testing: [],
  config: [],
  integrations: ["learners", "service", "testing"],
  service: ["learners", "integrations", "config", "replay"],
  demo: ["learners", "replay"],
  cli: ["learners", "integrations", "replay", "service", "config"],
};

/** Folders that use the pipeline as its users do, through the public entries. */
const throughTheDoor = ["learners", "service", "cli", "config", "demo", "integrations", "testing"];

/** The folder directly under src/ that a path lies in; undefined for files of src/ itself. */
function folderOf(path: string): string | undefined {
  return /^src\/([^/]+)\//.exec(path)?.[1];
}

const isEntry = (path: string): boolean =>
  /^src\/(browser|foundation|(.+\/)?index)\.ts$/.test(path);

const neverBack: Rule = {
  name: "nothing imports learners/, service/, cli/, demo/, integrations/ or testing/ back",
  check: (files) =>
    judgeImports(files, ["src"], (from, target) => {
      const [own, other] = [folderOf(from), folderOf(target)];
      if (!other || own === other || !(other in above)) return undefined;
      if (own && above[own]?.includes(other)) return undefined;
      return `${own ? `src/${own}/` : from} may not know ${other}/; pass it in from above.`;
    }),
  examples: [
    {
      files: {
        "src/index.ts": 'export { Router } from "./learners/router/index.ts";\n',
        "src/pipeline/learner.ts": 'import type { Job } from "../service/job.ts";\n',
        "src/learners/gate/index.ts": 'import { serve } from "../../service/index.ts";\n',
        "src/cli/serve.ts": 'import { serve } from "../service/index.ts";\n',
      },
      found: ["src/index.ts:1", "src/pipeline/learner.ts:1", "src/learners/gate/index.ts:1"],
    },
  ],
};

const publicSurface: Rule = {
  name: "learners/, service/, cli/, demo/, integrations/ and testing/ use the public surface",
  check: (files) =>
    judgeImports(files, ["src"], (from, target) => {
      const own = folderOf(from);
      if (!own || !throughTheDoor.includes(own) || !target.startsWith("src/")) return undefined;
      const other = folderOf(target);
      if (other === own || isEntry(target)) return undefined;
      if (own === "integrations" || own === "testing") {
        return "Import a public entry (src/index.ts, ...): here stands what any user could write.";
      }
      return other && below.includes(other)
        ? `Import it from src/index.ts or src/browser.ts; ${other}/ is behind the public surface.`
        : undefined;
    }),
  examples: [
    {
      files: {
        "src/cli/a.ts": 'import { Network } from "../index.ts";\nimport "../errors.ts";\n',
        "src/cli/b.ts": 'import type { Network } from "../model/network.ts";\n',
        "src/demo/c.ts": 'import { init } from "../core/core.ts";\n',
        "src/integrations/kafka/d.ts": 'import "../../index.ts";\nimport "../../errors.ts";\n',
      },
      found: ["src/cli/b.ts:1", "src/demo/c.ts:1", "src/integrations/kafka/d.ts:2"],
    },
  ],
};

const coreAtTheBottom: Rule = {
  name: "src/core/ imports no other folder of src/",
  check: (files) =>
    judgeImports(files, ["src/core"], (_, target) => {
      const other = folderOf(target);
      return other && other !== "core"
        ? `The bridge knows addresses, not ${other}/; pass it numbers and arrays.`
        : undefined;
    }),
  examples: [
    {
      files: {
        "src/core/a.ts": 'import "../errors.ts";\nimport type { Loss } from "../model/loss.ts";\n',
      },
      found: ["src/core/a.ts:2"],
    },
  ],
};

const knownFolders: Rule = {
  name: "every folder of src/ has a layer",
  check: (files) =>
    codeIn(files, "src").flatMap((file) => {
      const folder = folderOf(file.path);
      if (!folder || below.includes(folder) || folder in above) return [];
      const advice = `src/${folder}/ is unknown; say in test/tidy/layers.ts what may import it.`;
      return [{ path: file.path, line: 1, advice }];
    }),
  examples: [
    {
      files: { "src/plugins/a.ts": "", "src/errors.ts": "", "src/store/versions/a.ts": "" },
      found: ["src/plugins/a.ts:1"],
    },
  ],
};

const entriesReExport: Rule = {
  name: "src/index.ts, src/browser.ts and assembly/index.ts only re-export, name by name",
  check: (files) =>
    codeIn(files, "src", "assembly")
      .filter(({ path }) => /^(src\/(index|browser)|assembly\/index)\.ts$/.test(path))
      .flatMap((file) =>
        parse(file)
          .statements.filter(
            (statement) =>
              !ts.isExportDeclaration(statement) ||
              !statement.moduleSpecifier ||
              !statement.exportClause,
          )
          .map((statement) =>
            findingAt(file, statement, 'Write `export { name } from "./file"` and nothing else.'),
          ),
      ),
  examples: [
    {
      files: {
        "src/index.ts": 'export { A, type B } from "./a.ts";\nexport * from "./b.ts";\n',
        "src/browser.ts": 'import { A } from "./a.ts";\nexport { A };\n',
      },
      found: ["src/index.ts:2", "src/browser.ts:1", "src/browser.ts:2"],
    },
  ],
};

export const layers: Rule[] = [
  neverBack,
  publicSurface,
  coreAtTheBottom,
  knownFolders,
  entriesReExport,
];
