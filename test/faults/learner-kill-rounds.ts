// Kills a process with a learner under load, again and again, and looks for every sample that the
// learner acknowledged.
//
// Alone: `tsx test/faults/learner-kill-rounds.ts [rounds] [seed]`, by default 200 rounds.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Random } from "../../src/core/random.ts";
import { OnlineLearner } from "../../src/pipeline/learner.ts";
import { AuditLog } from "../../src/store/audit-log.ts";
import { addUnknown, printFindings, repeatsIn } from "./kill-findings.ts";
import { bundleChild, runUntilKilled } from "./killed-child.ts";
import type { ToldKind } from "./learner-kill-child.ts";
import { readKept } from "./learner-kill-kept.ts";
import { killOptions } from "./learner-kill-model.ts";

/** How long a process lives at most after its first word. */
const LONGEST_LIFE_MS = 150;
/** In every fourth round: after its birth, so that some die while they open. */
const LONGEST_YOUTH_MS = 600;

/** What came of all rounds. */
export interface LearnerKillReport {
  rounds: number;
  /** Samples whose `observe` resolved before the kill. */
  acknowledged: number;
  /** Promotions that callers heard of. */
  promotions: number;
  /** Samples of the last start, acknowledged or not. */
  kept: number;
  /** Acknowledged samples that a start did not find. */
  lost: string[];
  /** Samples that a start found twice. */
  doubled: string[];
  /** Everything else that was wrong. */
  wrong: string[];
}

/**
 * Runs rounds on one folder: start a process, kill it at a random moment, open the learner and
 * compare. Removes its folder.
 */
export async function killLearner(rounds: number, seed: number): Promise<LearnerKillReport> {
  const folder = await mkdtemp(join(tmpdir(), "driftkeel-learner-kill-"));
  const random = new Random(seed);
  const told: Record<ToldKind, string[]> = { sample: [], version: [] };
  const report: LearnerKillReport = {
    ...{ rounds, acknowledged: 0, promotions: 0, kept: 0, lost: [], doubled: [], wrong: [] },
  };
  try {
    const script = join(folder, "child.mjs");
    await bundleChild("learner-kill-child.ts", script);
    const data = join(folder, "data");
    for (let round = 0; round < rounds; round++) {
      const isYoung = round % 4 === 3;
      const lifeMs = random.uniform() * (isYoung ? LONGEST_YOUTH_MS : LONGEST_LIFE_MS);
      const since = isYoung ? "birth" : "first word";
      const args = [script, data, String(round)];
      const { lines, complaint } = await runUntilKilled(args, lifeMs, since);
      if (complaint !== "") throw new Error(`The process complained: ${complaint}`);
      if (lines.length === 0 && !isYoung) throw new Error(`Round ${round} acknowledged nothing`);
      for (const line of lines) {
        const [kind, name] = line.split(" ") as [ToldKind, string];
        told[kind].push(name);
      }
      await checkLeft(data, `round ${round}`, told, report);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return { ...report, acknowledged: told.sample.length, promotions: told.version.length };
}

/** Starts on what is left, as any user would, and compares. */
async function checkLeft(
  data: string,
  at: string,
  told: Record<ToldKind, string[]>,
  report: LearnerKillReport,
): Promise<void> {
  const learner = await OnlineLearner.open(killOptions(data));
  const { observed } = learner.status();
  const output = learner.predict(Float32Array.of(0.5)).output[0];
  await learner.close();
  const wrong = (what: string) => report.wrong.push(`${at}: ${what}`);
  if (!Number.isFinite(output)) wrong(`the active version gives ${output}`);

  const { all } = await readKept({ storagePath: data });
  const names = new Set(all);
  report.kept = all.length;
  addUnknown(
    report.lost,
    at,
    told.sample.filter((id) => !names.has(id)),
  );
  addUnknown(report.doubled, at, repeatsIn(all));
  if (observed !== names.size) wrong(`${observed} samples counted, ${names.size} kept`);

  const audit = await AuditLog.open(join(data, "audit.jsonl"), { readOnly: true });
  if (!(await audit.verify()).intact) wrong("the chain of the audit log is broken");
  const promoted = new Set((await audit.readAll()).map(({ details }) => details?.version_id));
  for (const id of told.version) if (!promoted.has(id)) wrong(`no trace of version ${id}`);
  await audit.close();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [rounds = "200", seed = "1"] = process.argv.slice(2);
  printFindings(await killLearner(Number(rounds), Number(seed)));
}
