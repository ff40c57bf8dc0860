// The files that the router's commands find in its folder or are told of.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { DriftkeelRangeError } from "../errors.ts";
import { BenchmarkSuite } from "../learners/router/index.ts";

/** The router's folder below a base directory. */
export function routerPath(baseDir: string): string {
  return join(baseDir, "router");
}

/** The suite of `--suite`, by default the one in the folder. Throws OPTION_INVALID. */
export async function readSuite(baseDir: string, given: string | undefined) {
  const path = given ?? join(routerPath(baseDir), "suite.json");
  let json: string;
  try {
    json = await readFile(path, "utf8");
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DriftkeelRangeError(
      "OPTION_INVALID",
      `Expected a benchmark suite at ${path}: ${reason}. Name one with --suite; ` +
        "`driftkeel router sample` writes one to try with.",
    );
  }
  return BenchmarkSuite.parse(json, path);
}

/** A whole number > 0 of a flag. Throws OPTION_INVALID. */
export function countOf(flag: string, text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new DriftkeelRangeError(
    "OPTION_INVALID",
    `Expected ${flag} to be a whole number from 1 to 999999999, got ${JSON.stringify(text)}.`,
  );
}

/** A seed. Throws OPTION_INVALID. */
export function seedOf(text: string): number {
  if (/^\d{1,10}$/.test(text) && Number(text) < 2 ** 32) return Number(text);
  throw new DriftkeelRangeError(
    "OPTION_INVALID",
    `Expected --seed to be a whole number from 0 to 4294967295, got ${JSON.stringify(text)}.`,
  );
}
