// report.html shows the run and nothing else, on its own, whatever the file was called.

import { describe, expect, it } from "vitest";
import { percent, signed } from "../../../src/replay/page/number-text.ts";
import { pageText } from "../../../src/replay/page/report-page.ts";
import { TRADERS } from "../../../src/replay/replay-event.ts";
import { summariseReplay } from "../../../src/replay/replay-summary.ts";
import { reportText } from "../../../src/replay/report.ts";
import { baseTrained, daySettled, naiveUpdated, updateSettled } from "../replay-events.ts";
import { bars, eventsOf, live, pageInput } from "./page-input.ts";
import { type PageElement, readPage } from "./well-formed.ts";

function hasClasses(element: PageElement, ...names: string[]): boolean {
  const classes = (element.attributes.class ?? "").split(" ");
  return names.every((name) => classes.includes(name));
}

describe("pageText", () => {
  const page = pageText(pageInput());
  const elements = readPage(page);
  const withId = (id: string) => elements.find(({ attributes }) => attributes.id === id)!;

  it("is well-formed, with each id once", () => {
    const ids = elements.flatMap(({ attributes }) => attributes.id ?? []);
    expect(new Set(ids).size).toBe(ids.length);
    expect(() => readPage(`${page}<p>`)).toThrow("never closed");
    expect(() => readPage(page.replace("</figure>", ""))).toThrow("closes nothing");
  });

  it("fetches nothing and runs nothing", () => {
    const names = new Set(elements.map(({ name }) => name));
    for (const name of ["script", "link", "img", "iframe", "a"]) expect(names).not.toContain(name);
    expect(page).not.toMatch(/https?:|url\(|@import|src=|href=|\son[a-z]+=/);
    expect(page).toContain("default-src 'none'");
  });

  it("draws a curve of all days for each trader", () => {
    for (const trader of TRADERS) {
      const curves = elements.filter(
        (element) => hasClasses(element, "line", trader) && element.attributes.d !== "M1 6H23",
      );
      const points = curves[0]!.attributes.d!.split("L");
      expect(points).toHaveLength(live.length);
      expect(page).not.toMatch(/NaN|Infinity|undefined|\[object/);
    }
  });

  it("marks every alert and update, kept and undone apart", () => {
    const marks = (name: string) => {
      const drawn = elements.filter((element) => hasClasses(element, "mark", name));
      return drawn.at(-1)!.attributes.d!.split("M").length - 1;
    };
    expect([marks("alert"), marks("kept"), marks("undone")]).toEqual([15, 5, 2]);
    const stems = elements.filter(({ attributes }) => attributes.class === "stem kept");
    expect(stems[0]!.attributes.d!.split("M")).toHaveLength(1 + 5);
  });

  it("says in the table what report.json says", () => {
    const report = JSON.parse(reportText(pageInput()));
    const rows = elements.filter(({ name }) => name === "tr").map(({ text }) => text);
    const found = rows.filter((text) => /^(buy|static|naive|driftkeel)/.test(text));
    const expected = report.regimes.flatMap((regime: Record<string, Record<string, number>>) =>
      TRADERS.map((trader) => {
        const { sharpe, annual_return, max_drawdown, exposure } = regime[trader]!;
        return [
          signed(sharpe!),
          ...[annual_return, max_drawdown, exposure].map((n) => percent(n!)),
        ];
      }),
    );
    expect(found).toHaveLength(expected.length);
    for (const [index, numbers] of expected.entries()) {
      for (const number of numbers) expect(found[index]).toContain(number);
    }
    const { promotions, rejections, drift_alerts } = report.regimes.at(-1);
    expect(rows.join()).toContain(`${drift_alerts} drift alerts`);
    expect(rows.join()).toContain(`${promotions} promoted, ${rejections} rejected`);
  });

  it("draws an end of the capital that agrees with the yearly return of report.json", () => {
    const report = JSON.parse(reportText(pageInput()));
    const { annual_return } = report.regimes.at(-1).driftkeel;
    const gain = (1 + annual_return) ** (live.length / 252) - 1;
    expect(withId("equity").text).toContain(`${signed(100 * gain, 0)}%`);
  });

  it("states every setting and both digests", () => {
    const { text } = withId("settings");
    const { settings } = JSON.parse(reportText(pageInput()));
    for (const [name, value] of Object.entries(settings)) {
      const names =
        typeof value === "object" ? Object.keys(value!).map((n) => `${name}.${n}`) : [name];
      for (const each of names) expect(text).toContain(each);
    }
    expect(text).toContain("a".repeat(64));
    expect(text).toContain("b".repeat(64));
  });

  it("lists the last decisions with their reasons, newest first", () => {
    const items = elements.filter(({ name, text }) => name === "li" && /^\d{4}-/.test(text));
    expect(items).toHaveLength(15 + 7);
    const dates = items.map(({ text }) => text.slice(0, 10));
    expect(dates).toEqual([...dates].sort().reverse());
    expect(items.some(({ text }) => text.includes("on schedule: for the test"))).toBe(true);
    expect(items.some(({ text }) => text.includes("−2.50 below −1.25"))).toBe(true);
  });

  it("does not depend on how long updates took", () => {
    expect(pageText(pageInput("prices.csv", eventsOf(99)))).toBe(page);
  });

  it("shows a hostile file name and leaves it text", () => {
    const name = `"><script>alert('1')</script><img src=x onerror=y>&lt;\u0000.csv`;
    const hostile = pageText(pageInput(name));
    expect(readPage(hostile).map((element) => element.name)).toEqual(
      elements.map((element) => element.name),
    );
    expect(hostile).toContain("&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;");
  });

  it("shows a run of one day, and one in which every update failed", () => {
    const { date } = live[0]!;
    const failed = [
      updateSettled(date, "update-failed", 0),
      naiveUpdated(date, "naive-update-failed"),
      daySettled(date, 0.01),
    ];
    for (const events of [[daySettled(date, 0)], failed]) {
      const text = pageText(pageInput("prices.csv", events));
      readPage(text);
      expect(text).not.toMatch(/NaN|Infinity|undefined/);
    }
  });

  it("stays small for a century of days", () => {
    const days = Array.from({ length: 26_000 }, (_, day) => `1900-${String(day).padStart(6, "0")}`);
    const century = days.map((date, index) => ({ ...bars[index % 300]!, date }));
    const events = days.map((date, day) => daySettled(date, 0.01 * Math.sin(day * day)));
    const summaries = summariseReplay(century, baseTrained, events);
    const file = { name: "century.csv", sha256: "", bars: century };
    const text = pageText({ ...pageInput(), file, summaries, events });
    expect(text.length).toBeLessThan(1_500_000);
    expect(text).toContain("of every 26 neighbouring days, the lowest and the highest");
  });
});
