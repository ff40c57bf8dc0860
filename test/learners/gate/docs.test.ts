// Runs every code block of docs/gate.md and compares what it prints with the block that follows it.

import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { transformSync } from "esbuild";
import { afterAll, expect, test } from "vitest";

const folder = "build/docs-gate";
const page = readFileSync("docs/gate.md", "utf8");
const blocks = [...page.matchAll(/```ts\n([\s\S]*?)```\s*```text\n([\s\S]*?)```/g)];

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("the page has no block that is not run", () => {
  expect(blocks).toHaveLength([...page.matchAll(/```ts\n/g)].length);
  expect(blocks.length).toBeGreaterThan(0);
});

test.each(blocks.map(([, code, printed], index) => ({ index, code, printed })))(
  "block $index runs and prints what it says",
  ({ index, code, printed }) => {
    mkdirSync(folder, { recursive: true });
    const file = `${folder}/block-${index}.mjs`;
    // Inside the package its own name resolves to what is published.
    writeFileSync(file, transformSync(code!, { loader: "ts", format: "esm" }).code);
    expect(execFileSync(process.execPath, [file], { encoding: "utf8" })).toBe(printed);
  },
  60_000,
);
