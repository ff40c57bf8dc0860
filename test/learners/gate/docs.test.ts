// Runs every code block of docs/gate.md and compares what it prints with what the page shows.

import { expect, test } from "vitest";
import { codeBlocks, testCodeBlocks } from "../../pages/code-blocks.ts";

const PAGE = "docs/gate.md";

test("every code block of the page has its output beside it", () => {
  const blocks = codeBlocks(PAGE);
  expect(blocks.length).toBeGreaterThan(0);
  for (const { printed } of blocks) expect(printed).toBeDefined();
});

testCodeBlocks(PAGE, 60_000);
