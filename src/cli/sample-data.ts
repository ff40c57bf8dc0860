// Finds the market data that comes with the development dependencies.

import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/**
 * Returns the path of the daily S&P 500 in the package `vega-datasets`, or undefined where that is
 * not installed. The package exports no data files, so they are found from its entry module.
 */
export function sampleDataPath(): string | undefined {
  try {
    const entry = createRequire(import.meta.url).resolve("vega-datasets");
    const path = join(dirname(entry), "..", "data", "sp500-2000.csv");
    return existsSync(path) ? path : undefined;
  } catch {
    // Not installed: an ordinary case, which the caller explains.
    return undefined;
  }
}
