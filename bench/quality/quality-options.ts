// The command line of the quality benches.

import { parseArgs } from "node:util";
import { benches } from "./registry.ts";

export interface QualityOptions {
  /** Benches to run. */
  names: string[];
  seeds: number | undefined;
  quick: boolean;
  full: boolean;
  json: boolean;
  publish: boolean;
}

const names = Object.keys(benches);
const usage =
  "Usage: npm run bench:quality -- [names] [--seeds n] [--quick] [--full] [--json] [--publish]; " +
  `the benches are ${names.join(", ")}.`;

/** Options of a command line. Throws with the usage when they make no sense. */
export function parseQualityOptions(args: readonly string[]): QualityOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      seeds: { type: "string" },
      quick: { type: "boolean", default: false },
      full: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      publish: { type: "boolean", default: false },
    },
  });
  const { quick, full, json, publish } = values;
  const unknown = positionals.find((name) => !names.includes(name));
  if (unknown !== undefined) throw new Error(`There is no bench "${unknown}". ${usage}`);
  const seeds = values.seeds === undefined ? undefined : Number(values.seeds);
  if (seeds !== undefined && !(Number.isInteger(seeds) && seeds > 0)) {
    throw new Error(`Expected --seeds to be an integer > 0, got ${values.seeds}. ${usage}`);
  }
  if (quick && (full || publish)) {
    throw new Error(`--quick measures nothing: leave out --full and --publish. ${usage}`);
  }
  const isAsked = (name: string) => positionals.length === 0 || positionals.includes(name);
  return { names: names.filter(isAsked), seeds, quick, full, json, publish };
}

/** The command that repeats one bench of a run. */
export function commandOf(name: string, { seeds, quick, full }: QualityOptions): string {
  const flags = [
    ...(seeds === undefined ? [] : [`--seeds ${seeds}`]),
    ...(quick ? ["--quick"] : []),
    ...(full ? ["--full"] : []),
  ];
  return ["npm run bench:quality --", name, ...flags].join(" ");
}
