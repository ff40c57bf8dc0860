// `npm run test:integration`: every partner against its real server, one after the other.
//
// Each script starts and stops its own servers, prints their versions and what it checked, exits
// with 1 when something was wrong, and says SKIPPED: <why> when its server cannot be had here.
// `npm run test:integration -- kafka mlflow` runs those alone.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, writeSync } from "node:fs";
import { basename, join } from "node:path";
import { monotonicMs } from "../../src/clock.ts";

const FOLDER = "test/integration";
/** Of one partner; each script has a limit of its own, which is shorter. */
const LIMIT_MS = 480_000;

interface End {
  partner: string;
  outcome: "passed" | "failed" | "skipped";
  seconds: number;
  /** Why it was skipped or failed. */
  reason: string;
}

function print(text: string): void {
  writeSync(1, `${text}\n`);
}

/** Every script is a partner's, but for this one and those that start servers. */
function partners(): string[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith(".ts") && !/^run|-(server|install|broker)\.ts$/.test(file))
    .map((file) => basename(file, ".ts"))
    .sort();
}

async function run(partner: string): Promise<End> {
  print(`\n=== ${partner}`);
  const startMs = monotonicMs();
  const script = join(FOLDER, `${partner}.ts`);
  const child = spawn(process.execPath, ["--import", import.meta.resolve("tsx"), script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let printed = "";
  child.stdout.on("data", (chunk) => {
    printed += chunk;
    writeSync(1, chunk);
  });
  const limit = setTimeout(() => child.kill("SIGKILL"), LIMIT_MS);
  const [code] = (await once(child, "close")) as [number | null];
  clearTimeout(limit);
  const seconds = Math.round((monotonicMs() - startMs) / 1000);
  const skipped = /^SKIPPED: (.*)$/m.exec(printed)?.[1];
  if (code !== 0) return { partner, outcome: "failed", seconds, reason: `exit code ${code}` };
  if (skipped !== undefined) return { partner, outcome: "skipped", seconds, reason: skipped };
  return { partner, outcome: "passed", seconds, reason: "" };
}

const all = partners();
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !all.includes(name));
if (unknown.length > 0) {
  print(`Expected partners of ${all.join(", ")}, got ${unknown.join(", ")}.`);
  process.exit(2);
}
const ends: End[] = [];
for (const partner of wanted.length > 0 ? wanted : all) ends.push(await run(partner));
print("\n=== summary");
for (const { partner, outcome, seconds, reason } of ends) {
  print(`${partner.padEnd(12)} ${outcome.padEnd(8)} ${String(seconds).padStart(4)} s  ${reason}`);
}
process.exitCode = ends.some(({ outcome }) => outcome === "failed") ? 1 : 0;
