// The code blocks of a page in Markdown, and what each prints when it is run.

import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { transformSync } from "esbuild";
import { afterAll, expect, test } from "vitest";

/** A block of TypeScript, and the text block that follows it, if one does. */
export interface CodeBlock {
  index: number;
  code: string;
  printed: string | undefined;
}

/** The blocks of a page, in order. */
export function codeBlocks(path: string): CodeBlock[] {
  const page = readFileSync(path, "utf8");
  const found = page.matchAll(/```ts\n([\s\S]*?)```(?:\s*```text\n([\s\S]*?)```)?/g);
  return [...found].map(([, code, printed], index) => ({ index, code: code!, printed }));
}

/** A test for each block: it runs, and prints what the page says where that says something. */
export function testCodeBlocks(path: string, limitMs?: number): void {
  const folder = `build/pages/${basename(path, ".md")}`;
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  test.each(codeBlocks(path))(
    `block $index of ${path} runs and prints what the page says`,
    ({ index, code, printed }) => {
      mkdirSync(folder, { recursive: true });
      const file = `${folder}/block-${index}.mjs`;
      // Inside the package its own name resolves to what is published.
      writeFileSync(file, transformSync(code, { loader: "ts", format: "esm" }).code);
      const output = execFileSync(process.execPath, [file], { encoding: "utf8" });
      if (printed !== undefined) expect(output).toBe(printed);
    },
    limitMs,
  );
}
