// Runs every code block of docs/nas.md and compares what it prints with what the page shows.

import { expect, test } from "vitest";
import { codeBlocks, testCodeBlocks } from "../../pages/code-blocks.ts";

const PAGE = "docs/nas.md";

test("every code block of the page has its output beside it", () => {
  const blocks = codeBlocks(PAGE);
  expect(blocks.length).toBe(2);
  for (const { printed } of blocks) expect(printed).toBeDefined();
});

testCodeBlocks(PAGE);
