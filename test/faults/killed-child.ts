// Processes that are killed on purpose, and what they wrote until then.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/** Bundles a script beside this file into one that Node starts in a tenth of the time. */
export async function bundleChild(name: string, outfile: string): Promise<void> {
  await build({
    entryPoints: [join(dirname(fileURLToPath(import.meta.url)), name)],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    logLevel: "silent",
  });
}

/** What a killed process left on its outputs. */
export interface LastWords {
  /** Whole lines; what follows the last line feed was cut by the kill. */
  lines: string[];
  complaint: string;
}

/** Starts Node and kills it `lifeMs` after its first word, or after its birth. */
export async function runUntilKilled(
  args: string[],
  lifeMs: number,
  since: "birth" | "first word",
): Promise<LastWords> {
  const child = spawn(process.execPath, args);
  const kill = () => setTimeout(() => child.kill("SIGKILL"), lifeMs);
  if (since === "birth") kill();
  const exit = once(child, "close");
  let output = "";
  let complaint = "";
  child.stderr.on("data", (text) => {
    complaint += text;
  });
  child.stdout.on("data", (text) => {
    if (output === "" && since === "first word") kill();
    output += text;
  });
  await exit;
  return { lines: output.split("\n").slice(0, -1), complaint };
}
