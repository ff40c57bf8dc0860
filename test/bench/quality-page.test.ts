// The page of the quality benches: what is kept of earlier runs, and what is said of misses.

import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { BenchResult } from "../../bench/quality/bench-result.ts";
import { publish } from "../../bench/quality/publish.ts";
import { commandOf, parseQualityOptions } from "../../bench/quality/quality-options.ts";
import { loadResults, saveResults } from "../../bench/quality/saved-results.ts";
import { writePage } from "../../bench/quality/write-page.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "driftkeel-quality-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function resultOf(name: string, value: number): BenchResult {
  return {
    name,
    command: `npm run bench:quality -- ${name}`,
    seconds: 1.5,
    machine: {
      cpu: "a processor",
      cores: 2,
      memoryGiB: 8,
      system: "a system",
      runtimes: { Node: "20.0.0" },
      commit: "0123456789ab",
      date: "2026-11-20T08:00:00Z",
      loadBefore: 0.1,
      loadAfter: 0.2,
    },
    tables: [
      {
        title: `Figures of ${name}`,
        columns: ["what", "value"],
        rows: [["a", value]],
        note: "A note.",
        requirements: [{ what: "the figure", value, bound: { most: 5 } }],
        losses: value > 5 ? ["It is too much."] : [],
        chart: {
          xLabel: "days",
          yLabel: "% < 5",
          series: [
            {
              name: "one & only",
              points: [
                [0, 1],
                [10, 4],
              ],
            },
          ],
        },
      },
    ],
  };
}

describe("publishing", () => {
  const docs = () => pathToFileURL(`${folder}/`);
  const page = () => readFileSync(join(folder, "quality.md"), "utf8");

  it("keeps the results of other benches and replaces those of its own", () => {
    publish([resultOf("drift", 1), resultOf("gates", 2)], docs());
    publish([resultOf("drift", 3)], docs());
    const saved = loadResults(readFileSync(join(folder, "quality.json"), "utf8"));
    expect(saved).toEqual([resultOf("gates", 2), resultOf("drift", 3)]);
    expect(page()).toContain("Figures of gates");
  });

  it("writes a picture for every chart that the page shows, and removes others", () => {
    publish([resultOf("drift", 1), resultOf("gates", 2)], docs());
    const shown = [...page().matchAll(/\]\(quality\/([^)]+)\)/g)].map((match) => match[1]!);
    expect(readdirSync(join(folder, "quality")).sort()).toEqual(shown.sort());
    const bare = resultOf("drift", 1);
    publish([{ ...bare, tables: bare.tables.map(({ chart: _, ...table }) => table) }], docs());
    expect(readdirSync(join(folder, "quality"))).toEqual(["gates-1.svg"]);
  });

  it("draws within the picture and escapes what it writes", () => {
    publish([resultOf("drift", 8)], docs());
    const picture = readFileSync(join(folder, "quality/drift-1.svg"), "utf8");
    expect(picture).toContain("one &amp; only");
    expect(picture).toContain("% &lt; 5");
    const points = picture
      .match(/points="([^"]+)"/)![1]!
      .split(/[ ,]/)
      .map(Number);
    expect(points).toHaveLength(4);
    for (const [index, value] of points.entries()) {
      expect(value).toBeGreaterThan(0);
      expect(value).toBeLessThan(index % 2 === 0 ? 760 : 380);
    }
  });
});

describe("the page", () => {
  it("says in plain words what was missed, and counts it", () => {
    const text = writePage([resultOf("gates", 7), resultOf("drift", 5)]);
    expect(text).toContain("What was asked: 1 met, 1 missed");
    expect(text).toContain("- the figure: 7, at most 5 asked: **MISSED**");
    const losses = text.split("\n## ").find((part) => part.startsWith("Where we lose"));
    expect(losses).toContain("- gates: the figure is 7, at most 5 asked.");
    expect(losses).toContain("- gates: It is too much.");
    expect(losses).not.toContain("- drift");
  });

  it("tells for each bench how to run it again, where and how long it ran", () => {
    const text = writePage([resultOf("drift", 1)]);
    expect(text).toContain("`npm run bench:quality -- drift`");
    expect(text).toContain("1.5 s on a processor, 2 cores");
    expect(text).toMatch(/Not published yet: .*gates/);
  });
});

it("keeps a figure that is not a number through the file", () => {
  const saved = loadResults(saveResults([resultOf("drift", Number.NaN)]));
  expect(saved[0]!.tables[0]!.requirements[0]!.value).toBeNaN();
  expect(writePage(saved)).toContain("**MISSED**");
});

describe("the command line", () => {
  it("runs the benches it names in the order of the page, all without names", () => {
    expect(parseQualityOptions(["poisoned", "drift"]).names).toEqual(["drift", "poisoned"]);
    expect(parseQualityOptions([]).names.length).toBeGreaterThan(4);
  });

  it("names the settings in the command that repeats a bench", () => {
    const options = parseQualityOptions(["drift", "--seeds", "7", "--full"]);
    expect(commandOf("drift", options)).toBe("npm run bench:quality -- drift --seeds 7 --full");
  });

  it("refuses names, counts and combinations that make no sense", () => {
    expect(() => parseQualityOptions(["drfit"])).toThrow(/no bench "drfit".*poisoned/);
    for (const seeds of ["0", "1.5", "many"]) {
      expect(() => parseQualityOptions(["drift", "--seeds", seeds])).toThrow(/--seeds/);
    }
    expect(() => parseQualityOptions(["--quick", "--publish"])).toThrow(/--quick/);
  });
});
