// report.html in a real Chromium: fits a phone, answers the keyboard, complains about nothing.

import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pageText } from "../../../src/replay/page/report-page.ts";
import { findChromium, startChromium } from "../../browser/chromium.ts";
import { pageInput } from "./page-input.ts";

const chromium = findChromium();

describe.skipIf(chromium === undefined)("report.html in Chromium", () => {
  const text = pageText(pageInput("a".repeat(200)));
  let browser: Browser;
  beforeAll(async () => {
    browser = await startChromium(chromium!);
  });
  afterAll(() => browser?.close());

  async function open(width: number, colorScheme: "light" | "dark") {
    const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
    const complaints: string[] = [];
    page.on("console", (message) => complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("request", (request) => complaints.push(request.url()));
    await page.setContent(text);
    return { page, complaints };
  }

  const shown = (page: Page, selector: string) => page.locator(selector).first().isVisible();

  it.each([
    [360, "light"],
    [360, "dark"],
    [1200, "light"],
  ] as const)("fits %i px without complaint or request (%s)", async (width, scheme) => {
    const { page, complaints } = await open(width, scheme);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
    const table = page.locator("#regimes .scroll");
    expect(await table.evaluate((box) => box.scrollWidth - box.clientWidth)).toBe(0);
    expect(complaints).toEqual([]);
    await page.close();
  });

  it("hides traders and unfolds the updates by keyboard alone", async () => {
    const { page, complaints } = await open(360, "light");
    const press = async (...keys: string[]) => {
      for (const key of keys) await page.keyboard.press(key);
    };
    await press("Tab", "Space", "Tab", "Tab", "Space");
    const lines = ["hold", "static", "naive", "driftkeel"].map((name) => `.frame .line.${name}`);
    const visible = await Promise.all(lines.map((line) => shown(page, line)));
    expect(visible).toEqual([false, true, false, true]);
    expect(await shown(page, "#updates td")).toBe(false);
    await press("Tab", "Tab", "Tab", "Enter");
    expect(await shown(page, "#updates td")).toBe(true);
    expect(complaints).toEqual([]);
    await page.close();
  });
});
