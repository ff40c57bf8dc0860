// The store of pages keeps to the contract in a real Chromium, and versions can be kept in it.

import { build } from "esbuild";
import { describe, expect, it } from "vitest";
import { findChromium, startChromium } from "../browser/chromium.ts";
import type { IndexedDbReport } from "./indexed-db-page.ts";

/** Answered by the test itself; a page of localhost may use IndexedDB, locks and digests. */
const ADDRESS = "http://localhost/storage";
const LIMIT_MS = 60_000;

const chromium = findChromium();

async function bundlePage(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: ["test/store/indexed-db-page.ts"],
    bundle: true,
    platform: "browser",
    format: "iife",
    write: false,
    logLevel: "warning",
  });
  return outputFiles[0]?.text ?? "";
}

async function visit(executablePath: string): Promise<IndexedDbReport> {
  const [script, browser] = await Promise.all([bundlePage(), startChromium(executablePath)]);
  try {
    const page = await browser.newPage();
    await page.route(ADDRESS, (route) => route.fulfill({ contentType: "text/html", body: "" }));
    await page.goto(ADDRESS);
    await page.addScriptTag({ content: script });
    return await page.evaluate(() => window.tryStorage());
  } finally {
    await browser.close();
  }
}

describe.skipIf(chromium === undefined)("IndexedDbStore, where there is a Chromium", () => {
  it("keeps to the contract, locks, and holds versions", { timeout: LIMIT_MS }, async () => {
    const { outcomes, ...rest } = await visit(chromium as string);
    expect(Object.keys(outcomes).length).toBeGreaterThan(9);
    for (const [rule, failure] of Object.entries(outcomes)) expect(failure, rule).toBe("");
    expect(rest).toEqual({ secondWriter: "STORE_LOCKED", files: "FILE_FAILED", weight: 0.5 });
  });
});
