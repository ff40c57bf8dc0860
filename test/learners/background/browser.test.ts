// The whole state goes from Node to a page and goes on there with the same bytes.

import { build } from "esbuild";
import { describe, expect, it } from "vitest";
import { PlantedTask } from "../../../bench/background/planted-tasks.ts";
import { decodeBase64, encodeBase64 } from "../../../src/foundation.ts";
import { Coordinator } from "../../../src/learners/background/index.ts";
import { findChromium, startChromium } from "../../browser/chromium.ts";
import { goOn, type PageTask } from "./page-program.ts";

const chromium = findChromium();

async function script(): Promise<string> {
  const result = await build({
    entryPoints: ["test/learners/background/page-program.ts"],
    bundle: true,
    platform: "browser",
    format: "esm",
    target: "es2022",
    external: ["node:*", "libsql"], // of what the page does not use, and what is dropped therefore
    write: false,
  });
  return result.outputFiles[0]!.text;
}

/** A coordinator that has learned, and what comes next. */
function pageTask(): PageTask {
  const background = { embeddingSize: 32, epochs: 4, now: () => 0 };
  const coordinator = new Coordinator({ background });
  const task = new PlantedTask("a");
  for (let cycle = 0; cycle < 3; cycle++) {
    for (const trajectory of task.trajectories(120)) coordinator.record(trajectory);
    coordinator.tick({ force: true });
  }
  const trajectories = task.trajectories(120).map(({ queryEmbedding, steps: _, ...rest }) => ({
    ...rest,
    query: [...queryEmbedding],
  }));
  return { state: encodeBase64(coordinator.toBytes()), trajectories };
}

describe.skipIf(chromium === undefined)("in Chromium", () => {
  it("goes on with the bytes that Node would have", async () => {
    const [task, content] = [pageTask(), await script()];
    expect(content).not.toMatch(/from "node:/);
    const browser = await startChromium(chromium!);
    try {
      const page = await browser.newPage();
      await page.addScriptTag({ content, type: "module" });
      await page.waitForFunction(() => "goOn" in globalThis);
      const inPage = await page.evaluate(
        (each) => (globalThis as unknown as { goOn: typeof goOn }).goOn(each),
        task,
      );
      const inNode = await goOn(task);
      expect(inNode).not.toBe(task.state);
      expect(decodeBase64(inPage)).toEqual(decodeBase64(inNode));
    } finally {
      await browser.close();
    }
  }, 60_000);
});
