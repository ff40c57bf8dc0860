// The CSV reader takes any sound file of daily prices and says exactly what is wrong with others.

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DriftkeelError } from "../../src/errors.ts";
import { parseBars, readBars } from "../../src/replay/bars.ts";
import { csvOf, syntheticBars } from "./synthetic-bars.ts";

const HEADER = "date,open,high,low,close,volume";
const FIRST = "2020-01-02,10,12,9,11,500";

/** The error of reading a file whose third line is `line`. */
function errorOf(line: string, header = HEADER): DriftkeelError {
  try {
    parseBars(`${header}\n${FIRST}\n${line}\n`, "prices.csv");
  } catch (error) {
    if (error instanceof DriftkeelError) return error;
    throw error;
  }
  throw new Error(`Expected ${line} to be refused.`);
}

describe("parseBars", () => {
  it("reads what was written", () => {
    const bars = syntheticBars(50);
    expect(parseBars(csvOf(bars), "prices.csv")).toEqual(bars);
  });

  it("finds columns in any order and case, and passes over others", () => {
    const text = "Close,VOLUME,Date,Open,High,Low,Note\n11,500,2020-01-02,10,12,9,calm\n";
    const bar = { date: "2020-01-02", open: 10, high: 12, low: 9, close: 11, volume: 500 };
    expect(parseBars(text, "prices.csv")).toEqual([bar]);
  });

  it("takes a byte order mark, Windows line ends, quotes and blank lines at the end", () => {
    const header = '\uFEFF"date","open","high","low","close"';
    const text = `${header}\r\n"2020-01-02","10","12","9","11"\r\n\r\n`;
    expect(parseBars(text, "prices.csv")).toEqual([
      { date: "2020-01-02", open: 10, high: 12, low: 9, close: 11, volume: 0 },
    ]);
  });

  it("adjusts all four prices by the adjusted close", () => {
    const text = "Date,Open,High,Low,Close,Adj Close,Volume\n2020-01-02,10,12,8,10,5,500\n";
    expect(parseBars(text, "prices.csv")).toEqual([
      { date: "2020-01-02", open: 5, high: 6, low: 4, close: 5, volume: 500 },
    ]);
  });

  it.each([
    ["a price that is no number", "2020-01-03,10,12,9,null,5", 'number as close, got "null"'],
    ["an empty price", "2020-01-03,,12,9,11,5", 'number as open, got ""'],
    ["an infinite price", "2020-01-03,10,1e999,9,11,5", 'number as high, got "1e999"'],
    ["a hexadecimal price", "2020-01-03,0x10,12,9,11,5", 'number as open, got "0x10"'],
    ["a price of 0", "2020-01-03,10,12,0,11,5", "low price above 0, got 0"],
    ["a negative price", "2020-01-03,-10,12,9,11,5", "open price above 0, got -10"],
    ["a negative volume", "2020-01-03,10,12,9,11,-5", "volume of at least 0, got -5"],
    ["a low above the high", "2020-01-03,10,9,12,11,5", "low at or below the high, got 12 above 9"],
    ["a day that does not exist", "2020-02-30,10,12,9,11,5", 'YYYY-MM-DD, got "2020-02-30"'],
    ["a month that does not exist", "2020-13-01,10,12,9,11,5", 'YYYY-MM-DD, got "2020-13-01"'],
    ["another form of date", "01/03/2020,10,12,9,11,5", 'YYYY-MM-DD, got "01/03/2020"'],
    ["the same day again", "2020-01-02,10,12,9,11,5", "date after 2020-01-02 (ascending"],
    ["an earlier day", "2019-12-31,10,12,9,11,5", "date after 2020-01-02 (ascending"],
    ["a missing field", "2020-01-03,10,12,9,11", "6 fields as in the header, got 5"],
    ["one field more", "2020-01-03,10,12,9,11,5,6", "6 fields as in the header, got 7"],
    ["a blank line inside", "\n2020-01-03,10,12,9,11,5", "6 fields as in the header, got 1"],
    ["an open quote", '2020-01-03,10,12,9,11,"5', "a closing quote, got the end of the line"],
    ["a split", "2020-01-03,1,1,1,1,5", "within a factor of 10 of the day before, got 1 after 11"],
  ])("refuses %s and names file and line", (_, line, message) => {
    const error = errorOf(line);
    expect(error.code).toBe("FILE_CORRUPT");
    expect(error.message).toContain("prices.csv, line 3: expected");
    expect(error.message).toContain(message);
  });

  it("refuses an adjusted close of 0", () => {
    const header = "date,open,high,low,close,adjclose";
    expect(errorOf("2020-01-03,10,12,9,11,0", header).message).toContain("adjclose price above 0");
  });

  it("names the columns that a header lacks, or has twice", () => {
    const lacking = () => parseBars("day,open,high,low,price\n", "prices.csv");
    expect(lacking).toThrow(/prices\.csv, line 1: .*\(missing: date, close\), got "day,open/);
    const twice = () => parseBars("date,open,high,low,close,Close\n", "prices.csv");
    expect(twice).toThrow("each column once, got Close twice");
  });

  it.each([
    ["", "an empty file"],
    ["\n\n", "an empty file"],
    [`${HEADER}\n`, "got none"],
  ])("refuses a file without bars", (text, message) => {
    expect(() => parseBars(text, "prices.csv")).toThrow(message);
  });

  it("meets any text with bars or a typed error", () => {
    const cell = fc.oneof(fc.constantFrom("2020-01-03", "1", "-", '"', "", "1e400"), fc.string());
    const line = fc.array(cell, { maxLength: 8 }).map((cells) => cells.join(","));
    fc.assert(
      fc.property(fc.array(line, { maxLength: 5 }), fc.boolean(), (lines, hasHeader) => {
        const text = [...(hasHeader ? [HEADER, FIRST] : []), ...lines].join("\n");
        try {
          expect(parseBars(text, "prices.csv").length).toBeGreaterThan(0);
        } catch (error) {
          expect(error).toBeInstanceOf(DriftkeelError);
        }
      }),
      { numRuns: 500, seed: 1 },
    );
  });
});

describe("readBars", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "driftkeel-bars-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it("names a file by its name and the digest of its bytes", async () => {
    const path = join(folder, "one.csv");
    await writeFile(path, `${HEADER}\n${FIRST}\n`);
    const file = await readBars(path);
    expect(file.name).toBe("one.csv");
    // printf 'date,open,high,low,close,volume\n2020-01-02,10,12,9,11,500\n' | sha256sum
    expect(file.sha256).toBe("fd22c18f067ddf0c93f368aacf19eb4db54c56e46c8c5f00ee6f2ef7040fa3fe");
    expect(file.bars).toHaveLength(1);
  });

  it.each(["absent.csv", "."])("reports a path that cannot be read: %s", async (name) => {
    const reading = readBars(join(folder, name));
    await expect(reading).rejects.toMatchObject({ code: "FILE_FAILED" });
    await expect(reading).rejects.toThrow("Expected a readable CSV file");
  });
});
