// Measures one group: the process that run.ts starts for it.

import { fullBudget, quickBudget } from "./measure.ts";
import { groups } from "./registry.ts";
import type { GroupResult } from "./report.ts";

const [name = "", ...flags] = process.argv.slice(2);
const group = await groups[name]!();
const rows = await group.run({
  budget: flags.includes("--quick") ? quickBudget : fullBudget,
  compare: flags.includes("--compare"),
});
const result: GroupResult = { name, title: group.title, rows };
// Threads of the core may still sleep: leave as soon as the result has left.
process.send!(result, () => process.exit(0));
