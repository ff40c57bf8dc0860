// Runs the forgetting page's program in Node and prints the hash of the weights:
// `npx tsx src/demo/forgetting-hash.ts --seed 1`.

import { parseArgs } from "node:util";
import { init } from "../browser.ts";
import { forgettingRun } from "./forgetting-run.ts";

const { values } = parseArgs({ options: { seed: { type: "string", default: "1" } } });
if (!/^\d{1,4}$/.test(values.seed)) {
  console.error(`Expected --seed to be an integer from 0 to 9999, got ${values.seed}.`);
  process.exit(2);
}
await init({ threads: 1 });
let hash = "";
for await (const { weightsHash } of forgettingRun(Number(values.seed))) hash = weightsHash;
console.log(hash);
