// Reads daily OHLCV bars from a CSV file and refuses what a replay could not trust.

import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { basename } from "node:path";
import { DriftkeelError } from "../errors.ts";
import { splitCsvLine } from "./csv-line.ts";

/** One trading day. Prices are adjusted for splits and dividends where the file says how. */
export interface Bar {
  /** YYYY-MM-DD. */
  date: string;
  open: number;
  high: number;
  low: number;
  close: number;
  /** Units traded; 0 when the file has no volume. */
  volume: number;
}

/** The bars of a file, and what names its contents. */
export interface BarFile {
  /** File name without folders. */
  name: string;
  /** Hexadecimal digest of the bytes. */
  sha256: string;
  bars: Bar[];
}

/** 64 MiB: a century of daily bars takes about 2 MiB. */
const MAX_FILE_BYTES = 64 * 1024 * 1024;
/** A close this many times its neighbour is a split without adjustment or a slipped digit. */
const MAX_DAILY_FACTOR = 10;

const DATE = /^\d{4}-\d{2}-\d{2}$/;
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

const REQUIRED = ["date", "open", "high", "low", "close"] as const;
const OPTIONAL = ["adjclose", "volume"] as const;
type Column = (typeof REQUIRED)[number] | (typeof OPTIONAL)[number];

/** One line of the file while it is being read; it knows how to complain about itself. */
interface Row {
  where: string;
  fields: string[];
  columns: Map<string, number>;
}

function corrupt(where: string, expected: string, got: string): DriftkeelError {
  return new DriftkeelError("FILE_CORRUPT", `${where}: expected ${expected}, got ${got}.`);
}

function textOf(row: Row, column: Column): string {
  return row.fields[row.columns.get(column)!]!.trim();
}

function numberOf(row: Row, column: Column): number {
  const text = textOf(row, column);
  const value = NUMBER.test(text) ? Number(text) : Number.NaN;
  if (!Number.isFinite(value)) {
    throw corrupt(row.where, `a finite number as ${column}`, JSON.stringify(text));
  }
  return value;
}

function priceOf(row: Row, column: Column): number {
  const price = numberOf(row, column);
  if (price > 0) return price;
  throw corrupt(row.where, `a ${column} price above 0`, textOf(row, column));
}

function isCalendarDate(text: string): boolean {
  if (!DATE.test(text)) return false;
  const day = new Date(`${text}T00:00:00Z`);
  // 30 February is either no date at all or one in March.
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text);
}

function dateOf(row: Row): string {
  const text = textOf(row, "date");
  if (isCalendarDate(text)) return text;
  throw corrupt(row.where, "a calendar date as YYYY-MM-DD", JSON.stringify(text));
}

function readColumns(name: string, header: string): Map<string, number> {
  const found = splitCsvLine(header) ?? [];
  const columns = new Map<string, number>();
  for (const [index, title] of found.entries()) {
    const column = title.toLowerCase().replace(/[\s_*]/g, "");
    if (columns.has(column)) throw corrupt(`${name}, line 1`, "each column once", `${title} twice`);
    columns.set(column, index);
  }
  const missing = REQUIRED.filter((column) => !columns.has(column));
  if (missing.length > 0) {
    throw corrupt(
      `${name}, line 1`,
      `a header with ${[...REQUIRED, "volume"].join(", ")} (missing: ${missing.join(", ")})`,
      JSON.stringify(header.slice(0, 100)),
    );
  }
  return columns;
}

/** A price as the adjustment makes it: a product that f64 cannot hold is no price. */
function adjusted(row: Row, price: number, adjustment: number): number {
  const product = price * adjustment;
  if (product > 0 && product < Number.POSITIVE_INFINITY) return product;
  throw corrupt(row.where, "adjusted prices above 0 and finite", String(product));
}

function readBar(row: Row): Bar {
  const date = dateOf(row);
  const close = priceOf(row, "close");
  const adjustment = row.columns.has("adjclose") ? priceOf(row, "adjclose") / close : 1;
  const high = priceOf(row, "high");
  const low = priceOf(row, "low");
  if (low > high) throw corrupt(row.where, "a low at or below the high", `${low} above ${high}`);
  const volume = row.columns.has("volume") ? numberOf(row, "volume") : 0;
  if (volume < 0) throw corrupt(row.where, "a volume of at least 0", String(volume));
  return {
    date,
    open: adjusted(row, priceOf(row, "open"), adjustment),
    high: adjusted(row, high, adjustment),
    low: adjusted(row, low, adjustment),
    close: adjusted(row, close, adjustment),
    volume,
  };
}

function checkOrder(where: string, before: Bar, bar: Bar): void {
  if (bar.date <= before.date) {
    throw corrupt(where, `a date after ${before.date} (ascending, one line a day)`, bar.date);
  }
  const factor = bar.close / before.close;
  if (factor > MAX_DAILY_FACTOR || factor < 1 / MAX_DAILY_FACTOR) {
    const expected = `a close within a factor of ${MAX_DAILY_FACTOR} of the day before`;
    throw corrupt(where, expected, `${bar.close} after ${before.close}`);
  }
}

/**
 * Reads the text of a CSV file into bars. The header names the columns in any order and case:
 * date, open, high, low, close, and where present adjclose ("Adj Close") and volume; others are
 * ignored. With an adjusted close all four prices are multiplied by adjclose / close.
 * Throws `FILE_CORRUPT` naming `name`, the line, what was expected and what came.
 */
export function parseBars(text: string, name: string): Bar[] {
  const lines = text.replace(/^\uFEFF/, "").split(/\r\n|\n|\r/);
  while (lines.length > 0 && lines.at(-1)!.trim() === "") lines.pop();
  const header = lines[0];
  if (header === undefined) throw corrupt(name, "a header and one line a day", "an empty file");
  const columns = readColumns(name, header);
  const fieldCount = splitCsvLine(header)!.length;
  const bars: Bar[] = [];
  for (let index = 1; index < lines.length; index++) {
    const where = `${name}, line ${index + 1}`;
    const fields = splitCsvLine(lines[index]!);
    if (fields === undefined) throw corrupt(where, "a closing quote", "the end of the line");
    if (fields.length !== fieldCount) {
      throw corrupt(where, `${fieldCount} fields as in the header`, String(fields.length));
    }
    const bar = readBar({ where, fields, columns });
    if (bars.length > 0) checkOrder(where, bars.at(-1)!, bar);
    bars.push(bar);
  }
  if (bars.length === 0) throw corrupt(name, "at least one line below the header", "none");
  return bars;
}

/**
 * Reads a CSV file of at most 64 MiB with `parseBars`.
 * Throws `FILE_FAILED` when it cannot be read, `FILE_CORRUPT` when it is not what it should be.
 */
export async function readBars(path: string): Promise<BarFile> {
  let bytes: Buffer;
  try {
    const { size } = await stat(path);
    if (size > MAX_FILE_BYTES) throw corrupt(path, `at most ${MAX_FILE_BYTES} bytes`, String(size));
    bytes = await readFile(path);
  } catch (cause) {
    if (cause instanceof DriftkeelError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DriftkeelError("FILE_FAILED", `Expected a readable CSV file: ${reason}.`, { cause });
  }
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return { name: basename(path), sha256, bars: parseBars(bytes.toString("utf8"), path) };
}
