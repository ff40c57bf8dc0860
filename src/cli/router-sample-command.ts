// `driftkeel router sample`: trajectories and a benchmark to try the router with.

import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "commander";
import { DriftkeelError } from "../errors.ts";
import { sampleBenchmark, sampleTrajectories, trajectoryJson } from "../learners/router/index.ts";
import { EXIT_CODE } from "./exit-code.ts";
import { folderCommand, type OutputFlags, present } from "./model-flags.ts";
import { countOf, routerPath, seedOf } from "./router-files.ts";
import type { Session } from "./session.ts";

const DESCRIPTION =
  "Write generated trajectories of an agent that decides by chance to " +
  "<base-dir>/router/trajectories, numbered after those that are there, and a benchmark whose " +
  "best decisions are known to <base-dir>/router/suite.json.";
const EXAMPLES = `
Examples:
  $ driftkeel router sample --trajectories 500
  $ driftkeel router sample --trajectories 500 --seed 1

Exit codes: 0 done, 2 wrong usage, 5 failed.`;

interface SampleFlags extends OutputFlags {
  baseDir: string;
  trajectories: string;
  seed: string;
}

/** Describes the command. */
export function routerSampleCommand(session: Session): Command {
  return folderCommand("sample", DESCRIPTION, EXAMPLES)
    .summary("trajectories and a benchmark to try it with")
    .option("--trajectories <count>", "how many", "500")
    .option("--seed <number>", "of everything drawn", "0")
    .action(
      session.action(async (flags: SampleFlags) => {
        const count = countOf("--trajectories", flags.trajectories);
        const folder = join(routerPath(flags.baseDir), "trajectories");
        const firstNumber = await writeSamples(flags.baseDir, count, seedOf(flags.seed));
        const result = { trajectories: count, first_number: firstNumber, folder };
        present(session, flags, result, () => `${count} trajectories in ${folder}\n`);
        return EXIT_CODE.done;
      }),
    );
}

async function writeSamples(baseDir: string, count: number, seed: number): Promise<number> {
  const path = routerPath(baseDir);
  const folder = join(path, "trajectories");
  try {
    await mkdir(folder, { recursive: true });
    const numbers = (await readdir(folder)).map((name) => /^sample-(\d{7})\.json$/.exec(name)?.[1]);
    const firstNumber = numbers.reduce((next, each) => Math.max(next, Number(each ?? -1) + 1), 0);
    // Another seed for every part, so that no two parts repeat each other.
    const options = { count, seed: (seed + firstNumber) >>> 0, firstNumber };
    for (const trajectory of sampleTrajectories(options)) {
      const file = join(folder, `${trajectory.trajectoryId}.json`);
      await writeFile(file, trajectoryJson(trajectory));
    }
    await writeFile(join(path, "suite.json"), sampleBenchmark({}).toJson());
    return firstNumber;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `Expected to be able to write to ${folder}: ${reason}.`;
    throw new DriftkeelError("FILE_FAILED", message, { cause });
  }
}
