// Runs every code block of the README and compares what it prints with the block that follows it.

import { expect, test } from "vitest";
import { codeBlocks, testCodeBlocks } from "./pages/code-blocks.ts";

test("the README has a code block to run", () => {
  expect(codeBlocks("README.md").length).toBeGreaterThan(0);
});

testCodeBlocks("README.md");
