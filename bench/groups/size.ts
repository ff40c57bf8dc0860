// Sizes of what ships: the core's binary and the browser bundle.

import { existsSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { kernelInfo } from "../../src/core/instance.ts";
import { limit } from "../claims.ts";
import type { Row } from "../report.ts";

export const title = "Size";

const bundle = new URL("../../build/dist/browser.min.js", import.meta.url);

function coreRow(): Row {
  const ours = { value: kernelInfo().wasmBytes / 1024, unit: "KiB" };
  return {
    work: "core binary",
    ours,
    claims: [limit(ours.value, "KiB", { most: 64 })],
    checked: "size only",
  };
}

/** KB are 1000 bytes here: the stricter reading of the target. */
function bundleRow(): Row {
  const work = "browser bundle, minified and gzipped, core included";
  const checked = "size only";
  const target = { most: 80 };
  if (!existsSync(bundle)) {
    const absent = "no bundle; run npm run build";
    return { work, claims: [{ against: "limit", absent, unit: "KB", target }], checked };
  }
  const value = gzipSync(readFileSync(bundle), { level: 9 }).length / 1000;
  return { work, ours: { value, unit: "KB" }, claims: [limit(value, "KB", target)], checked };
}

export async function run(): Promise<Row[]> {
  return [coreRow(), bundleRow()];
}
