// One run of one quality bench: its tables and what they hold for.

import type { Machine } from "../report.ts";
import type { QualityTable } from "./table.ts";

export interface BenchResult {
  name: string;
  /** The command that repeats it. */
  command: string;
  seconds: number;
  machine: Machine;
  tables: QualityTable[];
}
