// What a group of rows is: a module that measures in a process of its own.

import type { Budget } from "./measure.ts";
import type { Row } from "./report.ts";

export interface Settings {
  budget: Budget;
  /** Whether the peers under bench/compare/ are installed and wanted. */
  compare: boolean;
}

/** A module under groups/. */
export interface Group {
  title: string;
  /** Checks for equality, then times. Throws when something is not equal. */
  run(settings: Settings): Promise<Row[]>;
}

/** What a row says of a peer that was not asked for. */
export const notInstalled = "not installed; run npm run bench -- --compare";
