// `driftkeel router index`: what lies in the folder of trajectories, and an index of past cases.

import { join } from "node:path";
import type { Command } from "commander";
import {
  CaseIndex,
  type IndexedTrajectory,
  type Trajectory,
  TrajectoryIndex,
} from "../learners/router/index.ts";
import { EXIT_CODE } from "./exit-code.ts";
import { folderCommand, type OutputFlags, present } from "./model-flags.ts";
import { readSuite, routerPath } from "./router-files.ts";
import type { Session } from "./session.ts";
import { drawPairs } from "./text-table.ts";

const MAX_FILE_BYTES = 2 ** 20;
const DESCRIPTION =
  "Read every trajectory and say how many there are of each origin and which files are broken. " +
  "With --case-index, write an index of past cases: live trajectories only, and none of the " +
  "benchmark's tasks.";
const EXAMPLES = `
Examples:
  $ driftkeel router index
  $ driftkeel router index --case-index cases.json

Exit codes: 0 done, broken files included; 2 wrong usage; 5 failed.`;

interface IndexFlags extends OutputFlags {
  baseDir: string;
  caseIndex?: string;
  suite?: string;
}

/** Describes the command. */
export function routerIndexCommand(session: Session): Command {
  return folderCommand("index", DESCRIPTION, EXAMPLES)
    .summary("what the trajectories are, and an index of past cases")
    .option("--case-index <file>", "where the index of past cases is written")
    .option("--suite <file>", "the benchmark; default <base-dir>/router/suite.json")
    .action(
      session.action(async (flags: IndexFlags) => {
        const index = new TrajectoryIndex(
          join(routerPath(flags.baseDir), "trajectories"),
          MAX_FILE_BYTES,
        );
        await index.refresh();
        const cases = flags.caseIndex === undefined ? null : await writeCases(index, flags);
        const entries = index.trajectories();
        const origins = { live: 0, benchmark: 0, peer: 0 };
        for (const { origin } of entries) origins[origin]++;
        const broken = index.broken();
        present(session, flags, { ...origins, broken, cases }, (colors) =>
          drawPairs(
            [
              ["live", String(origins.live)],
              ["benchmark", `${origins.benchmark} (never learned)`],
              ["peer", `${origins.peer} (never learned)`],
              ["broken", broken.length === 0 ? "none" : colors.red(`${broken.length} skipped`)],
              ["cases", cases === null ? "not indexed" : `${cases} inputs in ${flags.caseIndex}`],
            ],
            colors,
          ),
        );
        return EXIT_CODE.done;
      }),
    );
}

async function writeCases(index: TrajectoryIndex, flags: IndexFlags): Promise<number> {
  const suite = await readSuite(flags.baseDir, flags.suite);
  const cases = CaseIndex.build(trajectoriesOf(index), (taskId) => suite.has(taskId));
  await cases.save(flags.caseIndex!);
  return cases.size;
}

function* trajectoriesOf(index: TrajectoryIndex): Generator<Trajectory> {
  const live = (entry: IndexedTrajectory) => entry.origin === "live";
  for (const entry of index.trajectories().filter(live)) {
    const trajectory = index.load(entry);
    if (trajectory) yield trajectory;
  }
}
