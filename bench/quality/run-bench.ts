// Runs one quality bench: the process that run-lanes.ts starts for it.

import { benches } from "./registry.ts";
import type { QualitySettings } from "./table.ts";

const [name = "", settings = "{}"] = process.argv.slice(2);
const bench = await benches[name]!.load();
const start = performance.now();
const tables = await bench.run(JSON.parse(settings) as QualitySettings);
const seconds = Math.round((performance.now() - start) / 100) / 10;
// Threads of the core may still sleep: leave as soon as the result has left.
process.send!({ seconds, tables }, () => process.exit(0));
