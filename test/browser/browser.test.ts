// The library in a real Chromium, on a page that shares memory and on one that cannot.

import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { init, MemoryStore, type Store } from "../../src/browser.ts";
import { findChromium, startChromium } from "./chromium.ts";
import { type LearnerRun, runLearner } from "./learner-run.ts";
import type { PageReport } from "./page.ts";
import { type Digests, runProgram } from "./program.ts";
import { openSite, type Site } from "./site.ts";

const chromium = findChromium();
const absent = "browser tests cannot run here: no Chromium found on PATH (set CHROMIUM_PATH)";

/** Opens the store of a learner again and again, which keeps its bytes when it is closed. */
function restartable(memory: MemoryStore): () => Promise<Store> {
  return async () => ({
    read: (key) => memory.read(key),
    write: (key, bytes) => memory.write(key, bytes),
    list: (prefix) => memory.list(prefix),
    remove: (key) => memory.remove(key),
    close: async () => {},
  });
}

if (chromium === undefined) {
  it(absent, ({ skip }) => {
    process.emitWarning(absent); // reporters show the reason of a skip on demand only
    skip(absent);
  });
}

describe.skipIf(chromium === undefined)("in Chromium", () => {
  let browser: Browser;
  let site: Site;
  let inNode: Digests;
  let learnerInNode: LearnerRun;
  const reports = {} as Record<"isolated" | "plain", PageReport>;

  async function visit(kind: "isolated" | "plain"): Promise<PageReport> {
    const page = await browser.newPage();
    const failures: unknown[] = [];
    page.on("pageerror", (error) => failures.push(error));
    await page.goto(site[kind]);
    await page.waitForFunction(() => "report" in window);
    const report = await page.evaluate(() => window.report());
    await page.close();
    expect(failures).toEqual([]);
    return report;
  }

  beforeAll(async () => {
    [browser, site] = await Promise.all([startChromium(chromium!), openSite()]);
    await init({ threads: 1 });
    inNode = await runProgram();
    learnerInNode = await runLearner(restartable(new MemoryStore()));
    reports.isolated = await visit("isolated");
    reports.plain = await visit("plain");
  });

  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });

  it("an isolated page shares memory between threads", () => {
    const { isolated, info, threads } = reports.isolated;
    expect(isolated).toBe(true);
    expect(info).toMatchObject({ shared: true, variant: "simd128-shared", threads: 1 });
    expect(threads).toBe(2);
  });

  it("any other page has plain memory and one thread", () => {
    const { isolated, info, threads } = reports.plain;
    expect(isolated).toBe(false);
    expect(info).toMatchObject({ shared: false, variant: "simd128-plain", threads: 1 });
    expect(threads).toBe(1);
  });

  it("the learner promotes before and after it went back to an earlier version", () => {
    const types = learnerInNode.events.map((event) => JSON.parse(event).type as string);
    const turn = types.indexOf("rolled-back");
    expect(types.slice(0, turn)).toContain("promoted");
    expect(types.slice(turn)).toContain("promoted");
    expect(Object.keys(learnerInNode.versions)).toContain(
      `versions/${learnerInNode.activeId}/model.safetensors`,
    );
  });

  describe.each(["isolated", "plain"] as const)("the %s page", (kind) => {
    it("gives the bytes of Node, and again, with as many threads as it has", () => {
      expect(reports[kind].digests).toEqual(inNode);
      expect(reports[kind].repeated).toEqual(inNode);
    });

    it("refuses everything that needs the core with CORE_NOT_READY before init()", () => {
      const { ReplayBuffer, ...others } = reports[kind].beforeInit;
      expect(ReplayBuffer).toBe("none");
      expect(Object.keys(others)).toHaveLength(6);
      for (const code of Object.values(others)) expect(code).toBe("CORE_NOT_READY");
    });

    it("draws frames and fires timers while a training runs, and can cancel it", () => {
      expect(reports[kind]).toMatchObject({
        frames: 10,
        timers: 10,
        ending: "UPDATE_CANCELLED",
      });
    });

    it("keeps arrays of allocate() alive and in place when memory is taken", () => {
      expect(reports[kind].viewsSurvive).toBe(true);
      expect(reports[kind].releasedCode).toBe("DISPOSED");
    });

    it("says FILE_FAILED where it would need a file", () => {
      expect(reports[kind].fileCode).toBe("FILE_FAILED");
      expect(reports[kind].folderCode).toBe("FILE_FAILED");
    });

    it("learns on IndexedDB, before a restart and after it, what Node learns in memory", () => {
      expect(reports[kind].learner).toEqual(learnerInNode);
    });
  });
});
