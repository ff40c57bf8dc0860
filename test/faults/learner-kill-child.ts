// A process with a learner that several writers feed at once; it says on its output what was
// acknowledged, until it is killed. Arguments: folder, round.

import { writeSync } from "node:fs";
import { Random } from "../../src/core/random.ts";
import { OnlineLearner } from "../../src/pipeline/learner.ts";
import { killOptions, sampleOf } from "./learner-kill-model.ts";

/** What a line of the output speaks of. */
export type ToldKind = "sample" | "version";

const STDOUT = 1;
const WRITERS = 4;

const [folder = "", round = ""] = process.argv.slice(2);
const tell = (kind: ToldKind, name: string) => writeSync(STDOUT, `${kind} ${name}\n`);

const learner = await OnlineLearner.open(killOptions(folder));

async function observeForever(writer: number): Promise<never> {
  const random = new Random(Number(round) * WRITERS + writer);
  for (let count = 0; ; count++) {
    const id = `${round}-${writer}-${count}`;
    const { update } = await learner.observe(sampleOf(id, random, learner.status().observed));
    tell("sample", id);
    if (update?.versionId !== undefined) tell("version", update.versionId);
  }
}

await Promise.all(Array.from({ length: WRITERS }, (_, writer) => observeForever(writer)));
