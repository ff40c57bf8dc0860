// Runs every code block of the README and compares what it prints with the block that follows it.

import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { transformSync } from "esbuild";
import { afterAll, expect, test } from "vitest";

const folder = "build/readme";
const readme = readFileSync("README.md", "utf8");
const blocks = [...readme.matchAll(/```ts\n([\s\S]*?)```(?:\s*```text\n([\s\S]*?)```)?/g)];

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("the README has a code block to run", () => {
  expect(blocks.length).toBeGreaterThan(0);
});

test.each(blocks.map(([, code, printed], index) => ({ index, code, printed })))(
  "README block $index runs and prints what it says",
  ({ index, code, printed }) => {
    mkdirSync(folder, { recursive: true });
    const file = `${folder}/block-${index}.mjs`;
    // Inside the package its own name resolves to what is published.
    writeFileSync(file, transformSync(code!, { loader: "ts", format: "esm" }).code);
    const output = execFileSync(process.execPath, [file], { encoding: "utf8" });
    if (printed !== undefined) expect(output).toBe(printed);
  },
);
