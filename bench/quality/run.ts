// `npm run bench:quality`: runs quality benches, prints their tables and, with --publish, writes
// docs/quality.*. Exits with 1 when a requirement is missed in a run that is not --quick.

import { publish } from "./publish.ts";
import { parseQualityOptions } from "./quality-options.ts";
import { runLanes } from "./run-lanes.ts";
import { isMet, renderTable } from "./table.ts";

const options = parseQualityOptions(process.argv.slice(2));
const results = await runLanes(options, ({ name, seconds, tables }) => {
  if (options.json) return;
  for (const table of tables) console.log(`${renderTable(table)}\n`);
  console.log(`${name}: ${seconds} s\n`);
});
if (options.json) console.log(JSON.stringify(results, undefined, 2));
if (options.publish) {
  const paths = publish(results, new URL("../../docs/", import.meta.url));
  if (!options.json) for (const path of paths) console.log(`wrote docs/${path}`);
}
const isMissed = results.some(({ tables }) =>
  tables.some(({ requirements }) => !requirements.every(isMet)),
);
if (isMissed && !options.quick) process.exitCode = 1;
