// The built binaries offer exactly what src/core/abi.ts declares, and ask for nothing else.

import { readFileSync } from "node:fs";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { builds, Core, readBinary } from "./harness.ts";

/** The binary that is embedded in every bundle. */
const LARGEST_BYTES = 64 * 1024;

/** Names of the members of CoreExports, each with its number of parameters. */
function declared(): Map<string, number> {
  const text = readFileSync(new URL("../../src/core/abi.ts", import.meta.url), "utf8");
  const file = ts.createSourceFile("abi.ts", text, ts.ScriptTarget.Latest, true);
  const counts = new Map<string, number>();
  const functions = new Map<string, number>();
  for (const statement of file.statements) {
    if (ts.isTypeAliasDeclaration(statement) && ts.isFunctionTypeNode(statement.type)) {
      functions.set(statement.name.text, statement.type.parameters.length);
    }
  }
  for (const statement of file.statements) {
    if (!ts.isInterfaceDeclaration(statement) || statement.name.text !== "CoreExports") continue;
    for (const member of statement.members) {
      const name = member.name?.getText() ?? "";
      const count = ts.isMethodSignature(member)
        ? member.parameters.length
        : functions.get((member as ts.PropertySignature).type?.getText() ?? "");
      counts.set(name, count ?? Number.NaN);
    }
  }
  return counts;
}

describe.each(builds)("%s", (build) => {
  const module = new WebAssembly.Module(readBinary(build));

  it("exports the members of CoreExports with as many parameters, and nothing else", () => {
    // Without the loader, whose wrappers hide how many parameters a function has.
    const { memory } = new Core(build);
    const { exports } = new WebAssembly.Instance(module, { env: { memory, sampleLoss: () => 0 } });
    const built = Object.entries(exports).map(
      ([name, value]) => [name, (value as () => void).length] as const,
    );
    expect(new Map(built.sort())).toEqual(new Map([...declared()].sort()));
  });

  it("imports its memory and the loss of a sample, and nothing else", () => {
    const imports = WebAssembly.Module.imports(module);
    expect(
      imports.map(({ module: from, name, kind }) => `${from}.${name}: ${kind}`).sort(),
    ).toEqual(["env.memory: memory", "env.sampleLoss: function"]);
  });
});

it("the release binary is at most 64 KiB", () => {
  expect(readBinary("release").length).toBeLessThanOrEqual(LARGEST_BYTES);
});
