// The command line of the bench.

import { parseArgs } from "node:util";
import { groups } from "./registry.ts";

export interface Options {
  quick: boolean;
  /** Installs the peers under bench/compare/ and measures them too. */
  compare: boolean;
  /** Writes docs/benchmarks.*. */
  publish: boolean;
  /** Groups to run. */
  only: string[];
}

const names = Object.keys(groups);
const usage =
  "Usage: npm run bench -- [--quick] [--compare] [--publish] [--only group,...]; " +
  `the groups are ${names.join(", ")}.`;

/** Options of a command line. Throws with the usage when they make no sense. */
export function parseOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: "boolean", default: false },
      compare: { type: "boolean", default: false },
      publish: { type: "boolean", default: false },
      only: { type: "string", multiple: true, default: [] },
    },
  });
  const { quick, compare, publish, only } = values;
  const chosen = only.flatMap((each) => each.split(","));
  const unknown = chosen.find((name) => !names.includes(name));
  if (unknown !== undefined) throw new Error(`There is no group "${unknown}". ${usage}`);
  if (publish && (quick || chosen.length > 0)) {
    throw new Error(`--publish takes a whole run: leave out --quick and --only. ${usage}`);
  }
  return { quick, compare, publish, only: chosen.length > 0 ? chosen : names };
}

/** The command that repeats a run. */
export function commandOf({ quick, compare, only }: Options): string {
  const isAll = only.length === names.length;
  const flags = [
    quick ? "--quick" : "",
    compare ? "--compare" : "",
    isAll ? "" : `--only ${only.join(",")}`,
  ].filter((flag) => flag !== "");
  return flags.length > 0 ? `npm run bench -- ${flags.join(" ")}` : "npm run bench";
}
