// Runs quality benches and prints their tables: tsx bench/quality/run.ts [names] [--seeds n]
// [--quick] [--json]. Exits with 1 when a requirement is missed in a full run.

import { parseArgs } from "node:util";
import { isMet, type QualityBench, renderTable } from "./table.ts";

/** All quality benches by name. */
const benches: Record<string, () => Promise<QualityBench>> = {
  gates: () => import("./gates.ts"),
  probation: () => import("./probation.ts"),
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seeds: { type: "string" },
    quick: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
});
const names = positionals.length > 0 ? positionals : Object.keys(benches);
const seeds = values.seeds === undefined ? undefined : Number(values.seeds);
if (seeds !== undefined && !(Number.isInteger(seeds) && seeds > 0)) {
  throw new RangeError(`Expected --seeds to be an integer > 0, got ${values.seeds}.`);
}

const results = [];
for (const name of names) {
  const load = benches[name];
  if (!load)
    throw new RangeError(`Expected one of ${Object.keys(benches).join(", ")}, got ${name}.`);
  const start = performance.now();
  const tables = await (await load()).run({ seeds, quick: values.quick });
  const seconds = Math.round((performance.now() - start) / 100) / 10;
  results.push({ name, seconds, tables });
  if (values.json) continue;
  for (const table of tables) console.log(`${renderTable(table)}\n`);
  console.log(`${name}: ${seconds} s\n`);
}
if (values.json) console.log(JSON.stringify(results, undefined, 2));
const isMissed = results.some(({ tables }) =>
  tables.some(({ requirements }) => !requirements.every(isMet)),
);
if (isMissed && !values.quick) process.exitCode = 1;
