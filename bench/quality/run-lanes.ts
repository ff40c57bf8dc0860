// Runs benches in processes of their own: two at a time where there are two cores, those that time
// something alone and last.

import { fork } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { describeMachine, load } from "../machine.ts";
import type { BenchResult } from "./bench-result.ts";
import { commandOf, type QualityOptions } from "./quality-options.ts";
import { benches } from "./registry.ts";

/** Runs one bench. Rejects when it fails. */
function runBench(name: string, options: QualityOptions): Promise<BenchResult> {
  const { seeds, quick, full } = options;
  const script = fileURLToPath(new URL("./run-bench.ts", import.meta.url));
  const machine = describeMachine();
  return new Promise((resolve, reject) => {
    const child = fork(script, [name, JSON.stringify({ seeds, quick, full })], {
      execArgv: ["--import", "tsx"],
      serialization: "advanced", // unlike JSON it keeps NaN
    });
    let found: Pick<BenchResult, "seconds" | "tables"> | undefined;
    child.on("message", (message) => {
      found = message as Pick<BenchResult, "seconds" | "tables">;
    });
    child.on("exit", (code, signal) => {
      if (!found || code !== 0) {
        reject(new Error(`The bench "${name}" failed (${signal ?? code}).`));
        return;
      }
      machine.loadAfter = load();
      resolve({ name, command: commandOf(name, options), machine, ...found });
    });
  });
}

/** Runs all that the options name; `onResult` hears of each as it ends. */
export async function runLanes(
  options: QualityOptions,
  onResult: (result: BenchResult) => void,
): Promise<BenchResult[]> {
  const results: BenchResult[] = [];
  const work = async (queue: string[]) => {
    for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
      const result = await runBench(name, options);
      results.push(result);
      onResult(result);
    }
  };
  const queue = options.names.filter((name) => !benches[name]!.isTimed);
  const lanes = Math.min(2, availableParallelism());
  await Promise.all(Array.from({ length: lanes }, () => work(queue)));
  await work(options.names.filter((name) => benches[name]!.isTimed));
  return results.sort((a, b) => options.names.indexOf(a.name) - options.names.indexOf(b.name));
}
