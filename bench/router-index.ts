// How long the router's index takes for a folder of trajectory files: the first time, and again.
//
//     npx tsx bench/router-index.ts [files, default 100000]

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  sampleTrajectories,
  TrajectoryIndex,
  trajectoryJson,
} from "../src/learners/router/index.ts";

const PART = 5000;
const MAX_FILE_BYTES = 2 ** 20;

const files = Number(process.argv[2] ?? 100_000);
const folder = mkdtempSync(join(tmpdir(), "driftkeel-router-index-"));

/** Refreshes an index and prints how long that took. */
async function measure(what: string, index: TrajectoryIndex): Promise<void> {
  const start = performance.now();
  await index.refresh();
  const seconds = (performance.now() - start) / 1000;
  console.log(`${what}: ${seconds.toFixed(2)} s, ${index.readCount} files read`);
}

try {
  for (let firstNumber = 0; firstNumber < files; firstNumber += PART) {
    const count = Math.min(PART, files - firstNumber);
    for (const each of sampleTrajectories({ count, seed: firstNumber, firstNumber })) {
      writeFileSync(join(folder, `${each.trajectoryId}.json`), trajectoryJson(each));
    }
  }
  const index = new TrajectoryIndex(folder, MAX_FILE_BYTES);
  await measure(`${files} files, first time`, index);
  const again = new TrajectoryIndex(folder, MAX_FILE_BYTES);
  again.restore(index.toJson());
  await measure(`${files} files, from the saved index`, again);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
