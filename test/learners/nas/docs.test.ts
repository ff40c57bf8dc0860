// Runs every code block of docs/nas.md and compares what it prints with the block that follows it.

import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { transformSync } from "esbuild";
import { afterAll, expect, test } from "vitest";

const folder = "build/docs-nas";
const page = readFileSync("docs/nas.md", "utf8");
const blocks = [...page.matchAll(/```ts\n([\s\S]*?)```\s*```text\n([\s\S]*?)```/g)];

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("every code block of the page has its output beside it", () => {
  expect(blocks.length).toBe(2);
  expect(page.match(/```ts\n/g)).toHaveLength(blocks.length);
});

test.each(blocks.map(([, code, printed], index) => ({ index, code, printed })))(
  "block $index runs and prints what the page says",
  ({ index, code, printed }) => {
    mkdirSync(folder, { recursive: true });
    const file = `${folder}/block-${index}.mjs`;
    // Inside the package its own name resolves to what is published.
    writeFileSync(file, transformSync(code!, { loader: "ts", format: "esm" }).code);
    expect(execFileSync(process.execPath, [file], { encoding: "utf8" })).toBe(printed);
  },
);
