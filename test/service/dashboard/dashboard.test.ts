// The dashboard in a real Chromium, served by a real server over models that learn.

import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AuditRecord } from "../../../src/service/dashboard/answers.ts";
import { findChromium, startChromium } from "../../browser/chromium.ts";
import { signal } from "../../config/config-file.ts";
import { batch, Served } from "../served.ts";
import { expectText, seriousFindings, type Visit, visit } from "./dashboard-visit.ts";
import { learn, listen, liveThrough, sendSixtyDays, watched } from "./watched-model.ts";

const chromium = findChromium();
const absent = "dashboard tests cannot run here: no Chromium found on PATH (set CHROMIUM_PATH)";

if (chromium === undefined) {
  it(absent, ({ skip }) => {
    process.emitWarning(absent); // reporters show the reason of a skip on demand only
    skip(absent);
  });
}

/** An update of it lasts until it is cancelled. */
const slow = { ...watched, update: { ...signal.update, max_steps: 10_000_000 } };

/** Its outputs are positions, its labels what they earned. */
const earning = { ...signal, min_samples: 64, pnl: {} };

/** Longer than anything takes that happens by itself. */
const SOON = { timeout: 10_000 };

const SCREENS = [
  [360, "dark"],
  [1200, "light"],
] as const;

describe.skipIf(chromium === undefined)("the dashboard in Chromium", () => {
  let browser: Browser;
  let served: Served;
  let url: string;
  beforeAll(async () => {
    browser = await startChromium(chromium!);
    served = await Served.open({
      models: { signal: watched, "other.model": signal, slow, earning },
    });
    url = await listen(served.app);
    await liveThrough(served);
  });
  afterAll(async () => {
    await browser?.close();
    await served?.close();
  });

  const status = () => served.host.find("signal").learner.status();

  async function leave({ page, complaints }: Visit): Promise<void> {
    await page.context().close();
    expect(complaints).toEqual([]);
  }

  it.each(SCREENS)("fits %i px and passes axe (%s)", async (width, colorScheme) => {
    const visited = await visit(browser, url, { viewport: { width, height: 800 }, colorScheme });
    const { page } = visited;
    await expectText(page, "#verdicts li", /promoted/);
    await expectText(page, "#loss .reading", /samples/);
    const widths = () => [document.documentElement.scrollWidth, innerWidth];
    const fits = async () => {
      const [needed, given] = await page.evaluate(widths);
      expect(needed).toBeLessThanOrEqual(given!);
      expect(await seriousFindings(page)).toEqual([]);
    };
    await fits();
    await page.click("#rollback");
    await fits();
    await leave(visited);
  });

  it("is one document under a strict policy, and asks this service alone", async () => {
    const { status: code, headers, text } = await served.ask("GET", "/");
    expect([code, headers["content-type"]]).toEqual([200, "text/html; charset=utf-8"]);
    const policy = `${headers["content-security-policy"]}`;
    expect(policy).toMatch(/^default-src 'none'; script-src 'sha256-[^;' ]+'; style-src 'sha256-/);
    expect(policy).not.toMatch(/unsafe|http|\*/);
    expect(text).not.toMatch(/<(script|link|img)[^>]*(src|href)="(?!data:)/);
    const visited = await visit(browser, url);
    await expectText(visited.page, "#connection", /^live$/);
    expect(visited.requests.filter((each) => !each.startsWith(`${url}/`))).toEqual([]);
    await leave(visited);
  });

  it("shows where the model stands and plots what the service measured", async () => {
    const visited = await visit(browser, url);
    const { page } = visited;
    await expectText(page, "#facts", new RegExp(status().versionId));
    await expectText(page, "#facts", /Samples500/);
    await expectText(page, "#state", /^ready$/);
    await page.waitForSelector("#loss svg .curve[d^=M]");
    const words = () => page.getAttribute("#loss svg", "aria-label");
    await expect.poll(words, SOON).toMatch(/drift alert: [1-9]\d*, promotion: [2-9]/);
    expect(await words()).toMatch(/^loss from sample [\d,]+ to [45]\d\d: lowest \S+, highest \S+/);
    expect(await page.locator("#loss .lane .drift").count()).toBeGreaterThan(0);
    await leave(visited);
  });

  it("plots the rolling Sharpe ratio with its threshold where there is P&L", async () => {
    const visited = await visit(browser, url);
    const { page } = visited;
    await page.waitForSelector("#loss svg .curve[d^=M]");
    expect(await page.isVisible("#sharpe")).toBe(false);
    const data_window = await sendSixtyDays(served, "earning", 600);
    const update = { model_id: "earning", data_window, learning_rate: 0.02, ewc_lambda: 0.01 };
    await served.ask("POST", "/api/v1/models/online-update", update);
    await page.selectOption("#model", "earning");
    await expectText(page, "#verdicts li", /promoted.*sharpe after/);
    await expectText(page, "#sharpe .legend", /threshold \S+/);
    // A level line has no height: it is there, but never "visible".
    await page.waitForSelector("#sharpe svg .threshold[d^=M]", { state: "attached" });
    await page.waitForSelector("#sharpe svg .curve[d^=M]");
    await leave(visited);
  });

  it("names the active version, the anchor and the prior one on the time line", async () => {
    const visited = await visit(browser, url);
    const { page } = visited;
    const { json } = await served.ask("GET", "/api/v1/models/signal/versions");
    for (const [flag, tag] of [
      ["is_active", "active"],
      ["is_anchor", "anchor"],
      ["is_prior", "prior"],
    ]) {
      const version = json.versions.find((each: Record<string, unknown>) => each[flag!]);
      const row = page.locator("#timeline li").filter({ hasText: version.version_id });
      await row.locator(".tag").filter({ hasText: tag! }).waitFor();
    }
    const edges = await page.locator("#timeline .edge").count();
    expect(edges).toBeGreaterThanOrEqual(Math.min(json.versions.length - 1, 9));
    await leave(visited);
  });

  it("shows alerts and verdicts as they happen, without a reload", async () => {
    const visited = await visit(browser, url);
    const { page } = visited;
    await expectText(page, "#connection", /^live$/);
    await page.waitForSelector("#verdicts li");
    const alerts = page.locator("#alerts li");
    const before = await alerts.count();
    const audit = async () => (await served.ask("GET", "/api/v1/models/signal/audit")).json.events;
    const [{ seq: last }] = await audit();
    await page.evaluate(() => {
      document.body.dataset.loaded = "once";
    });
    await learn(served, 250, 4);
    await expect.poll(() => alerts.count(), SOON).toBeGreaterThan(before);
    const judged = (await audit()).find(({ outcome }: AuditRecord) => /^candidate-/.test(outcome));
    expect(judged.seq).toBeGreaterThan(last);
    const verdict = page.locator("#verdicts li").filter({ hasText: judged.details.reason }).first();
    expect(await verdict.locator(".tag").textContent()).toMatch(/promoted|rejected/);
    expect(await verdict.locator(".numbers").textContent()).toMatch(/loss before\S+loss after/);
    expect(await page.evaluate(() => document.body.dataset.loaded)).toBe("once");
    await leave(visited);
  });

  it("rolls back to the parent, and to a version of the time line", async () => {
    const visited = await visit(browser, url);
    const { page } = visited;
    const { json } = await served.ask("GET", "/api/v1/models/signal/versions");
    const active = json.versions.find((each: { is_active: boolean }) => each.is_active);
    const first = json.versions.at(-1).version_id;
    await page.waitForSelector("#timeline li");
    await page.click("#rollback");
    await page.click("#rollback-dialog button[type=submit]");
    await expectText(page, "#messages", /Rolled back to v\d+\./);
    expect(status().versionId).toBe(active.parent);
    await expectText(page, "#facts", new RegExp(active.parent));
    await expectText(page, "#timeline li:first-child", /^Rolled back from/);
    await page.click(`#back-to-${first}`);
    await page.click("#rollback-dialog button[value=cancel]");
    expect(status().versionId).toBe(active.parent);
    await page.click(`#back-to-${first}`);
    await page.click("#rollback-dialog button[type=submit]");
    await expectText(page, "#messages", /Rolled back to v1\./);
    expect(status().versionId).toBe(first);
    await leave(visited);
  });

  it("freezes with a reason, shown as the text it is, and unfreezes", async () => {
    const visited = await visit(browser, url);
    const { page } = visited;
    const hostile = `<img src=x onerror="document.body.id='owned'"><b>bold</b> & "quoted"`;
    await expectText(page, "#state", /^ready$/);
    await page.click("#freeze");
    await page.fill("#freeze-reason", hostile);
    await page.click("#freeze-dialog button[type=submit]");
    await expectText(page, "#state", /^frozen$/);
    expect(status().state).toBe("frozen");
    await expect.poll(() => page.textContent("#state-reason"), SOON).toBe(hostile);
    expect(await page.locator("img, #state-reason *").count()).toBe(0);
    await page.click("#unfreeze");
    await expectText(page, "#state", /^ready$/);
    expect(status().state).toBe("ready");
    await leave(visited);
  });

  it("shows how far an update is, and how it ended", async () => {
    await served.ask("POST", "/api/v1/models/slow/feedback", batch(150));
    const { learner } = served.host.find("slow");
    await expect.poll(() => learner.status().observed, SOON).toBe(150);
    const visited = await visit(browser, `${url}/#slow`);
    const { page } = visited;
    await expectText(page, "#connection", /^live$/);
    const cancel = new AbortController();
    const update = learner.update({ signal: cancel.signal });
    await expectText(page, "#progress-text", /^Training: step [\d,]+ of 10,000,000, loss \S+$/);
    await expectText(page, "#state", /^updating$/);
    cancel.abort();
    await update;
    await expectText(page, "#verdicts li:first-child", /failed.*UPDATE_CANCELLED/);
    await expectText(page, "#state", /^ready$/);
    expect(await page.isVisible("#progress")).toBe(false);
    await leave(visited);
  });

  it("is worked by keyboard alone", async () => {
    const visited = await visit(browser, url);
    const { page } = visited;
    await page.waitForSelector("#timeline li");
    const focused = () => page.evaluate(() => document.activeElement?.id);
    for (let presses = 0; (await focused()) !== "freeze" && presses < 20; presses++) {
      await page.keyboard.press("Tab");
    }
    await page.keyboard.press("Enter");
    await expect.poll(focused, SOON).toBe("freeze-reason");
    await page.keyboard.press("Escape");
    await expect.poll(focused, SOON).toBe("freeze");
    expect(status().state).toBe("ready");
    await page.keyboard.press("Tab");
    const reading = () => page.textContent("#loss .reading");
    const last = await reading();
    await page.keyboard.press("ArrowLeft");
    expect(await reading()).not.toBe(last);
    const words = await page.getAttribute("#loss input", "aria-valuetext");
    expect(words).toMatch(/^loss \S+ at [\d,]+ samples/);
    await leave(visited);
  });

  it("watches the model that is chosen, and remembers it in the address", async () => {
    const visited = await visit(browser, url);
    const { page } = visited;
    await page.selectOption("#model", "other.model");
    await expectText(page, "#standing-title", /^other\.model$/);
    await expectText(page, "#facts", /Samples0/);
    await page.reload();
    await expectText(page, "#standing-title", /^other\.model$/);
    await leave(visited);
  });
});
