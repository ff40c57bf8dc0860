// Kills a process that acknowledges feedback, again and again, and looks for what it acknowledged.
//
// Alone: `tsx test/faults/kill-rounds.ts [rounds] [seed]`, by default 200 rounds.

import { writeSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Random } from "../../src/core/random.ts";
import { FeedbackCollector } from "../../src/pipeline/feedback/feedback-collector.ts";
import { AuditLog } from "../../src/store/audit-log.ts";
import { VersionStore } from "../../src/store/version-store.ts";
import type { AcknowledgedKind } from "./kill-child.ts";
import { bundleChild, runUntilKilled } from "./killed-child.ts";

/** How long a process lives at most: after its first word, or in every fourth round after birth. */
const LONGEST_LIFE_MS = 120;

/** What came of all rounds. */
export interface KillReport {
  rounds: number;
  acknowledgedSignals: number;
  acknowledgedEvents: number;
  promotions: number;
  /** What was acknowledged and is gone, or is there twice. */
  lost: string[];
}

/** Names by kind, as the process wrote them. */
type Acknowledged = Map<AcknowledgedKind, string[]>;

/**
 * Runs rounds on one folder: start a process, kill it at a random moment, open everything, compare.
 * Removes its folder.
 */
export async function killRounds(rounds: number, seed: number): Promise<KillReport> {
  const folder = await mkdtemp(join(tmpdir(), "driftkeel-kill-"));
  const random = new Random(seed);
  const all: Acknowledged = new Map();
  const lost: string[] = [];
  try {
    const script = join(folder, "child.mjs");
    await bundleChild("kill-child.ts", script);
    const data = join(folder, "data");
    for (let round = 0; round < rounds; round++) {
      const lifeMs = random.uniform() * LONGEST_LIFE_MS;
      await runRound(script, data, round, lifeMs, all);
      lost.push(...(await findLost(data, all)).map((name) => `round ${round}: ${name}`));
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  const count = (kind: AcknowledgedKind) => all.get(kind)?.length ?? 0;
  return {
    rounds,
    acknowledgedSignals: count("feedback"),
    acknowledgedEvents: count("audit"),
    promotions: count("active"),
    lost,
  };
}

async function runRound(
  script: string,
  data: string,
  round: number,
  lifeMs: number,
  all: Acknowledged,
): Promise<void> {
  const since = round % 4 === 3 ? "birth" : "first word";
  const args = [script, data, String(round)];
  const { lines, complaint } = await runUntilKilled(args, lifeMs, since);
  if (lines.length === 0 && since === "first word") {
    throw new Error(`Round ${round} acknowledged nothing: ${complaint}`);
  }
  for (const line of lines) {
    const [kind, name] = line.split(" ") as [AcknowledgedKind, string];
    const names = all.get(kind) ?? [];
    names.push(name);
    all.set(kind, names);
  }
}

async function findLost(data: string, all: Acknowledged): Promise<string[]> {
  const feedback = await FeedbackCollector.open({
    storagePath: join(data, "feedback"),
    bufferSize: 1,
    flushIntervalMs: 1,
  });
  const audit = await AuditLog.open(join(data, "audit.jsonl"));
  const versions = await VersionStore.open({ storagePath: join(data, "model") });

  const signals = (await feedback.readAll()).map(({ predictionId }) => predictionId);
  const events = (await audit.readAll()).map(({ outcome }) => outcome);
  const lost = [
    ...compare("signal", signals, all.get("feedback") ?? []),
    ...compare("event", events, all.get("audit") ?? []),
  ];
  const { intact } = await audit.verify();
  if (!intact) lost.push("the chain of the audit log");
  lost.push(...(await findLostVersion(versions, all)));
  await Promise.all([feedback.close(), audit.close(), versions.close()]);
  return lost;
}

function compare(kind: string, kept: string[], acknowledged: string[]): string[] {
  const names = new Set(kept);
  const gone = acknowledged.filter((name) => !names.has(name)).map((name) => `${kind} ${name}`);
  return names.size === kept.length ? gone : [...gone, `${kind}s that are there twice`];
}

/** The active version is whole, and the last acknowledged one or one that was asked for later. */
async function findLostVersion(versions: VersionStore, all: Acknowledged): Promise<string[]> {
  const current = await versions.getCurrent();
  const asked = all.get("asked") ?? [];
  const since = asked.indexOf(all.get("active")?.at(-1) ?? "");
  const active = current?.activeId;
  if (active === undefined) return since < 0 ? [] : ["the active version"];
  await versions.read(active);
  const place = asked.indexOf(active);
  // Its name may have been cut off the output: then it is the latest of all.
  return place < 0 || place >= since ? [] : [`the promotion of ${asked[since]}`];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [rounds = "200", seed = "1"] = process.argv.slice(2);
  const report = await killRounds(Number(rounds), Number(seed));
  writeSync(1, `${JSON.stringify(report, null, 2)}\n`);
  process.exitCode = report.lost.length === 0 ? 0 : 1;
}
