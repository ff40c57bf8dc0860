// The dashboard in Chromium when the service goes away, asks for keys, or refuses.

import type { AddressInfo } from "node:net";
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createServer } from "../../../src/service/server.ts";
import { parseLimits } from "../../../src/service/service-options.ts";
import { findChromium, startChromium } from "../../browser/chromium.ts";
import { keyOf, Served } from "../served.ts";
import { expectText, visit } from "./dashboard-visit.ts";
import { listen, watched } from "./watched-model.ts";

const chromium = findChromium();

/** What Chromium itself says of an answer that is no success, and of none. */
const FAILED_LOAD = /^Failed to load resource: /;

describe.skipIf(chromium === undefined)("the dashboard in Chromium", () => {
  let browser: Browser;
  let served: Served;
  beforeAll(async () => {
    browser = await startChromium(chromium!);
  });
  afterEach(() => served.close());
  afterAll(() => browser?.close());

  const learner = () => served.host.find("signal").learner;
  const others = (complaints: string[]) => complaints.filter((each) => !FAILED_LOAD.test(each));

  it("comes back by itself when the service was restarted, and knows what it missed", async () => {
    served = await Served.open({ models: { signal: watched } });
    const url = await listen(served.app);
    const { port } = served.app.server.address() as AddressInfo;
    const { page, complaints } = await visit(browser, url);
    await expectText(page, "#connection", /^live$/);
    await expectText(page, "#state", /^ready$/);
    await served.app.close();
    await expectText(page, "#connection", /^reconnecting$/);
    await learner().freeze("while nobody listened");
    const options = { ...parseLimits(undefined), keys: [], log: undefined };
    const again = await createServer(served, { ...options, logLevel: "info" });
    try {
      await listen(again, port);
      await expectText(page, "#connection", /^live$/);
      await expectText(page, "#state-reason", /^while nobody listened$/);
      await learner().unfreeze();
      await expectText(page, "#state", /^ready$/);
      await page.context().close();
    } finally {
      await again.close();
    }
    expect(others(complaints)).toEqual([]);
  });

  it("asks for a key, sends it, and says why a button failed", async () => {
    const keys = [keyOf("reader", ["read"]), keyOf("operator", ["read", "operate"])];
    served = await Served.open({ models: { signal: watched }, keys });
    const url = await listen(served.app);
    const { page, complaints } = await visit(browser, url);
    const useKey = async (key: string) => {
      await page.fill("#key", key);
      await page.click("#key-dialog button[type=submit]");
    };
    await expectText(page, "#key-detail", /This service asks for a key/);
    await page.keyboard.press("Escape");
    await expectText(page, "#notice", /This service asks for a key/);
    expect(await page.isVisible("#key-dialog")).toBe(false);
    await page.click("#change-key");
    await useKey("nobody");
    await expectText(page, "#key-detail", /Expected a key that is declared/);
    await useKey("reader");
    await expectText(page, "#connection", /^live$/);
    await expectText(page, "#state", /^ready$/);
    const freeze = async () => {
      await page.click("#freeze");
      await page.fill("#freeze-reason", "maintenance");
      await page.click("#freeze-dialog button[type=submit]");
    };
    await freeze();
    await expectText(page, "#messages", /Expected a key with the scope "operate"/);
    expect(learner().status().state).toBe("ready");
    await page.reload();
    await expectText(page, "#state", /^ready$/);
    await page.click("#change-key");
    await useKey("operator");
    await expectText(page, "#connection", /^live$/);
    await freeze();
    await expectText(page, "#state", /^frozen$/);
    expect(learner().status().state).toBe("frozen");
    expect(page.url()).not.toContain("operator");
    await page.context().close();
    expect(others(complaints)).toEqual([]);
  });

  it("says what the service says when there is nothing to roll back to", async () => {
    served = await Served.open({ models: { signal: watched } });
    const { page } = await visit(browser, await listen(served.app));
    await expectText(page, "#timeline li", /the first one/);
    await page.click("#rollback");
    await page.click("#rollback-dialog button[type=submit]");
    await expectText(page, "#messages", /Expected a version before the active one/);
    await page.click("#messages button");
    expect(await page.locator(".message").count()).toBe(0);
    await page.context().close();
  });
});
