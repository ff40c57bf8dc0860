// The demo pages, bundled from the sources and opened in a real Chromium.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { bundleDemo } from "../../src/demo/bundle.ts";
import { type DemoServer, serveDemo } from "../../src/demo/demo-server.ts";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

/** What axe calls a problem. */
interface AxeProblem {
  id: string;
  impact: string | null;
  nodes: { html: string }[];
}

declare global {
  interface Window {
    axe: { run: () => Promise<{ violations: AxeProblem[] }> };
    /** Throws what the page says, once it has failed: what is waited for will not come. */
    expectAlive: () => void;
  }
}

/** The site in a folder that goes when it is closed. */
export async function openDemoSite(): Promise<DemoServer> {
  const folder = mkdtempSync(join(tmpdir(), "driftkeel-demo-"));
  try {
    await bundleDemo(folder);
    return await serveDemo(folder, 0);
  } finally {
    rmSync(folder, { recursive: true }); // the server has read it
  }
}

/** A page of the site, and what went wrong on it. */
export interface OpenedPage {
  page: Page;
  /** Errors, console errors and warnings, requests that failed or went elsewhere. */
  troubles: string[];
}

/** Opens a page in a profile of its own. */
export async function openPage(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<OpenedPage> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const troubles: string[] = [];
  const { origin } = new URL(url);
  page.on("pageerror", (error) => troubles.push(String(error)));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) troubles.push(message.text());
  });
  page.on("requestfailed", (request) => {
    // A page that is left gives up the threads that it was starting.
    const isGivenUp = request.failure()?.errorText === "net::ERR_ABORTED";
    if (isGivenUp && request.url().startsWith("blob:")) return;
    troubles.push(`failed: ${request.url()}, ${request.failure()?.errorText}`);
  });
  page.on("response", (response) => {
    if (response.status() >= 400) troubles.push(`${response.status()}: ${response.url()}`);
  });
  page.on("request", (request) => {
    const isOurs = [origin, `blob:${origin}`, "data:"].some((own) => request.url().startsWith(own));
    if (!isOurs) troubles.push(`elsewhere: ${request.url()}`);
  });
  await page.addInitScript(() => {
    window.expectAlive = () => {
      if (document.documentElement.dataset.phase !== "failed") return;
      throw new Error(document.getElementById("said")?.textContent ?? "the page has failed");
    };
  });
  await page.goto(url);
  return { page, troubles };
}

/** The serious and critical problems that axe finds, each with its first element. */
export async function seriousProblems(page: Page): Promise<string[]> {
  // Not as a script tag: the page loads nothing but its own.
  await page.evaluate(readFileSync(AXE, "utf8"));
  const { violations } = await page.evaluate(() => window.axe.run());
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
}

/** By how many pixels the page is wider than the screen. */
export function overflowOf(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
}

/** Waits until the page is in a phase. Throws what the page says when it has failed instead. */
export async function waitForPhase(page: Page, wanted: string): Promise<void> {
  await page.waitForFunction((phase) => {
    window.expectAlive();
    return document.documentElement.dataset.phase === phase;
  }, wanted);
}

/** What the page's main thread did while something ran. */
export interface MainThreadWork {
  /** Frames that the page was given. */
  perSecond: number;
  /** Milliseconds of script, style and layout per frame. */
  ownMs: number;
}

/** Counts frames and the main thread's work while `run` runs. */
export async function workDuring(page: Page, run: () => Promise<void>): Promise<MainThreadWork> {
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable");
  const workSeconds = async () => {
    const { metrics } = await session.send("Performance.getMetrics");
    const counted = ["ScriptDuration", "LayoutDuration", "RecalcStyleDuration"];
    return metrics
      .filter(({ name }) => counted.includes(name))
      .reduce((sum, { value }) => sum + value, 0);
  };
  const counter = await page.evaluateHandle(() => {
    const counts = { frames: 0, from: performance.now() };
    const next = () => {
      counts.frames++;
      requestAnimationFrame(next);
    };
    requestAnimationFrame(next);
    return counts;
  });
  const before = await workSeconds();
  await run();
  const seconds = (await workSeconds()) - before;
  const { frames, ms } = await counter.evaluate((counts) => ({
    frames: counts.frames,
    ms: performance.now() - counts.from,
  }));
  return { perSecond: (1000 * frames) / ms, ownMs: (1000 * seconds) / frames };
}
