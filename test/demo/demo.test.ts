// The demo pages in a real Chromium: they do what they say, without errors, for everybody.

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DemoServer } from "../../src/demo/demo-server.ts";
import { findChromium, startChromium } from "../browser/chromium.ts";
import {
  type MainThreadWork,
  type OpenedPage,
  openDemoSite,
  openPage,
  overflowOf,
  seriousProblems,
  waitForPhase,
  workDuring,
} from "./demo-site.ts";

const chromium = findChromium();
const absent = "demo tests cannot run here: no Chromium found on PATH (set CHROMIUM_PATH)";
/** A frame at 60 frames a second. */
const FRAME_MS = 1000 / 60;
/** More than an update waits for, and a probation. */
const QUIET_POINTS = 150;
/** Everything waits for a condition; this is for machines with other work to do. */
const PATIENCE_MS = 60_000;

if (chromium === undefined) {
  it(absent, ({ skip }) => {
    process.emitWarning(absent); // reporters show the reason of a skip on demand only
    skip(absent);
  });
}

/** The text of an element, as it is in the page. */
async function textOf({ page }: OpenedPage, id: string): Promise<string> {
  return (await page.locator(`#${id}`).textContent()) ?? "";
}

describe.skipIf(chromium === undefined)("the demo in Chromium", { timeout: PATIENCE_MS }, () => {
  let browser: Browser;
  let site: DemoServer;

  async function open(name: string, options = {}): Promise<OpenedPage> {
    return openPage(browser, `${site.url}${name}`, options);
  }

  beforeAll(async () => {
    [browser, site] = await Promise.all([startChromium(chromium!), openDemoSite()]);
  }, PATIENCE_MS);

  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });

  describe("the first page", () => {
    it("leads to the three others, is in order, and fits a phone in light and dark", async () => {
      for (const colorScheme of ["light", "dark"] as const) {
        const opened = await open("", { colorScheme, viewport: { width: 360, height: 740 } });
        const doors = opened.page.locator("main a");
        const targets = await doors.evaluateAll((links) =>
          links.map((link) => link.getAttribute("href")),
        );
        expect(targets).toEqual(["forgetting.html", "drift.html", "bench.html"]);
        expect(await seriousProblems(opened.page)).toEqual([]);
        expect(await overflowOf(opened.page)).toBe(0);
        expect(opened.troubles).toEqual([]);
        await opened.page.context().close();
      }
    });
  });

  /** Checks what must hold for every page, as it is now, in light and dark, wide and narrow. */
  async function expectInOrder({ page, troubles }: OpenedPage): Promise<void> {
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      expect(await seriousProblems(page)).toEqual([]);
    }
    await page.setViewportSize({ width: 360, height: 740 });
    expect(await overflowOf(page)).toBe(0);
    expect(await seriousProblems(page)).toEqual([]);
    expect(troubles).toEqual([]);
  }

  describe("the forgetting page", () => {
    const SEED = 7;
    let opened: OpenedPage;
    let work: MainThreadWork;

    beforeAll(async () => {
      opened = await open("forgetting.html");
      const { page } = opened;
      await page.fill("#seed", String(SEED));
      await page.selectOption("#speed", "0");
      work = await workDuring(page, async () => {
        await page.click("#start");
        await waitForPhase(page, "done");
      });
    }, PATIENCE_MS);

    afterAll(() => opened?.page.context().close());

    it("comes to the very weights that Node comes to, by the command it shows", async () => {
      const command = await textOf(opened, "command");
      expect(command).toBe(`npx tsx src/demo/forgetting-hash.ts --seed ${SEED}`);
      const [file, ...flags] = command.split(" ").slice(2);
      const { stdout } = await promisify(execFile)(process.execPath, [
        ...["--import", "tsx", file!],
        ...flags,
      ]);
      expect(stdout).toMatch(/^[0-9a-f]{64}\n$/);
      expect(await textOf(opened, "hash")).toBe(stdout.trim());
    });

    it("shows a naive network that forgets, and two that keep what they knew", async () => {
      const figures = async (method: string) => ({
        average: Number.parseInt(await textOf(opened, `${method}-average`), 10),
        forgotten: Number.parseInt(await textOf(opened, `${method}-forgotten`), 10),
      });
      const naive = await figures("naive");
      expect(naive.forgotten).toBeGreaterThan(15);
      for (const keeps of [await figures("ewc"), await figures("replay")]) {
        expect(keeps.forgotten).toBeLessThan(naive.forgotten / 2);
        expect(keeps.average).toBeGreaterThan(naive.average + 5);
      }
      expect(await textOf(opened, "rows")).toMatch(/Naive.*EWC.*Replay/s);
      expect(await textOf(opened, "said")).toContain(`forgot ${naive.forgotten} points`);
    });

    it("leaves the page free to draw 60 frames a second while it trains", () => {
      const { perSecond, ownMs } = work;
      const figures = `${perSecond.toFixed(1)} frames a second, ${ownMs.toFixed(2)} ms of work in`;
      process.emitWarning(`the forgetting page while training: ${figures} each`);
      expect(perSecond).toBeGreaterThan(5); // what a machine with other work to do still draws
      expect(ownMs).toBeGreaterThan(0);
      expect(ownMs).toBeLessThan(FRAME_MS / 2);
    });

    it("is in order after a run", () => expectInOrder(opened));

    it("can be paused, continued and reset", async () => {
      const { page } = opened;
      const progress = () =>
        page.locator("#progress").evaluate((bar) => (bar as HTMLProgressElement).value);
      await page.click("#start");
      await page.waitForFunction(() => document.querySelector("progress")!.value > 0);
      await page.click("#start");
      await waitForPhase(page, "held");
      // A look that was under way may still arrive; then the worker answers in order.
      const held = await progress();
      await page.click("#start");
      await page.waitForFunction(
        (before) => document.querySelector("progress")!.value > before,
        held,
      );
      await page.click("#reset");
      await waitForPhase(page, "ready");
      expect(await progress()).toBe(0);
      expect(await textOf(opened, "hash")).toBe("-");
    });
  });

  describe("the drift page", () => {
    let opened: OpenedPage;

    const count = async () => Number(await textOf(opened, "seen"));
    const seen = (points: number) =>
      opened.page.waitForFunction((least) => {
        window.expectAlive();
        return Number(document.getElementById("seen")!.textContent) >= least;
      }, points);
    /** Waits for an event of a title after a number of points. */
    const happened = (title: string, after: number) =>
      opened.page.waitForFunction(
        ([wanted, least]) => {
          window.expectAlive();
          return [...document.querySelectorAll("#events li")].some((item) => {
            const [at, tag] = [...item.children].map((part) => part.textContent);
            return tag === wanted && Number(at) > (least as number);
          });
        },
        [title, after],
      );

    /** Waits until nothing has happened for a while: what was under way has ended. */
    const quiet = () =>
      opened.page.waitForFunction((points) => {
        window.expectAlive();
        const newest = document.querySelector("#events li .when")?.textContent ?? "0";
        return Number(document.getElementById("seen")!.textContent) - Number(newest) > points;
      }, QUIET_POINTS);

    beforeAll(async () => {
      opened = await open("drift.html");
      await waitForPhase(opened.page, "held");
      await opened.page.selectOption("#speed", "0");
      await opened.page.click("#start");
      await seen(250);
    }, PATIENCE_MS);

    afterAll(() => opened?.page.context().close());

    it("notices a world that turns, and promotes a version that was proved better", async () => {
      const before = await count();
      expect(await textOf(opened, "serving")).toBe("v0");
      await opened.page.fill("#shift", "60");
      await happened("Drift", before);
      await happened("Verdict", before);
      await happened("Promoted", before);
      await seen((await count()) + 50);
      expect(await textOf(opened, "serving")).not.toBe("v0");
    });

    it("takes back by itself what poisoned labels have taught it", async () => {
      await quiet();
      const before = await count();
      await opened.page.click("#poison");
      await happened("Promoted", before);
      await happened("Rolled back", before);
      expect(await textOf(opened, "events")).toMatch(/evidence [\d.]+ that the candidate is worse/);
      expect(await textOf(opened, "lanes")).toMatch(/rolled back at \d+/);
    });

    it("goes on where it was after a reload", async () => {
      const { page } = opened;
      await page.click("#start");
      await waitForPhase(page, "held");
      const [points, serving] = [await count(), await textOf(opened, "serving")];
      await page.reload();
      await waitForPhase(page, "held");
      await seen(1);
      expect(await count()).toBeGreaterThanOrEqual(points);
      expect(await count()).toBeLessThan(points + 50);
      expect(await textOf(opened, "serving")).toBe(serving);
      expect(await page.inputValue("#shift")).toBe("60");
      expect(await textOf(opened, "events")).toContain("Rolled back");
    });

    it("goes back when it is told to", async () => {
      const before = await textOf(opened, "serving");
      await opened.page.click("#rollback");
      await opened.page.waitForFunction(
        (name) => document.getElementById("serving")!.textContent !== name,
        before,
      );
      expect(await textOf(opened, "events")).toContain("asked for");
    });

    it("is in order with all that on it", () => expectInOrder(opened));

    it("forgets everything when it is reset", async () => {
      await opened.page.click("#reset");
      await waitForPhase(opened.page, "held");
      await opened.page.waitForFunction(() => document.getElementById("seen")!.textContent === "0");
      expect(await textOf(opened, "serving")).toBe("v0");
      expect(await textOf(opened, "events")).toBe("");
    });

    it("says so when another tab has the learner", async () => {
      const other = await opened.page.context().newPage();
      await other.goto(`${site.url}drift.html`);
      await other.waitForFunction(() => document.documentElement.dataset.phase === "failed");
      expect(await other.locator("#said").textContent()).toContain("another page");
      await other.close();
    });
  });

  describe("the bench page", () => {
    let opened: OpenedPage;

    beforeAll(async () => {
      opened = await open("bench.html");
      await opened.page.selectOption("#length", "20");
      await opened.page.click("#start");
      await waitForPhase(opened.page, "done");
    }, PATIENCE_MS);

    afterAll(() => opened?.page.context().close());

    it("has the same results on both sides of every row, and their times", async () => {
      const rows = await opened.page.locator("#rows tr").all();
      expect(rows.length).toBe(6);
      for (const row of rows) {
        const text = (await row.textContent()) ?? "";
        expect(text).toMatch(/yes, to \d/);
        expect(text.match(/[\d.]+ (ns|µs|ms)/g)).toHaveLength(2);
        expect(text).toMatch(/[\d.]+\sx/);
      }
      expect(await textOf(opened, "said")).toContain("Done");
    });

    it("is in order after a run", () => expectInOrder(opened));
  });
});
