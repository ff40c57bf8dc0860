// Kills a real `driftkeel serve` under load, again and again, and looks for every signal and every
// job that it acknowledged.
//
// Alone: `tsx test/faults/service-kill-rounds.ts [rounds] [seed]`, by default 50 rounds.

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Random } from "../../src/core/random.ts";
import type { Job } from "../../src/service/jobs/job.ts";
import { bundleCommand } from "../service/bundled-command.ts";
import { ServeChild } from "../service/serve-child.ts";
import { addUnknown, printFindings, repeatsIn } from "./kill-findings.ts";
import { readServiceLeft, type ServiceLeft } from "./service-kill-left.ts";
import { jobsOf, Load, MODEL, serviceConfig } from "./service-kill-load.ts";

/** How long a process lives at most after its first acknowledgement; in every fourth round more. */
const LONGEST_LIFE_MS = 400;
const LONGEST_AGE_MS = 2000;
/** In every fourth round: after its birth, so that some die while they open. */
const LONGEST_YOUTH_MS = 1200;

/** What came of all rounds. */
export interface ServiceKillReport {
  rounds: number;
  /** Signals answered 202 before the kill. */
  acknowledged: number;
  /** Signals that the last start has, acknowledged or not. */
  kept: number;
  /** Jobs answered 202, and what became of them in the end. */
  jobs: number;
  ends: Record<string, number>;
  /** Jobs that a kill cut short: told as failed after the restart. */
  cut: number;
  /** Acknowledged signals that a start did not find, in the learner or in the sample store. */
  lost: string[];
  /** Signals that a start found twice. */
  doubled: string[];
  /** Everything else that was wrong. */
  wrong: string[];
}

/** Runs rounds on one folder: serve under load, kill, serve again, compare. Removes its folder. */
export async function killService(rounds: number, seed: number): Promise<ServiceKillReport> {
  const folder = await mkdtemp(join(tmpdir(), "driftkeel-service-kill-"));
  const command = await bundleCommand();
  const random = new Random(seed);
  const report: ServiceKillReport = {
    ...{ rounds, acknowledged: 0, kept: 0, jobs: 0, ends: {}, cut: 0 },
    ...{ lost: [], doubled: [], wrong: [] },
  };
  const spawn = () => ServeChild.spawn([command.script], folder);
  const load = new Load();
  try {
    await writeFile(join(folder, "driftkeel.json"), JSON.stringify(serviceConfig));
    for (let round = 0; round < rounds; round++) {
      await runRound(spawn, load, round, random);
      await checkRestart(spawn, folder, load, `round ${round}`, report);
    }
    await checkEnds(spawn, load, report);
  } finally {
    command.remove();
    await rm(folder, { recursive: true, force: true });
  }
  return { ...report, acknowledged: load.signals.size, jobs: load.jobs.size };
}

type Spawn = () => ServeChild;

/** Serves under load until it is killed. */
async function runRound(spawn: Spawn, load: Load, round: number, random: Random): Promise<void> {
  const isYoung = round % 4 === 3;
  const longest = isYoung ? LONGEST_YOUTH_MS : round % 4 === 1 ? LONGEST_AGE_MS : LONGEST_LIFE_MS;
  const lifeMs = random.uniform() * longest;
  const before = load.signals.size;
  const child = spawn();
  let killed: Promise<unknown> | undefined;
  const kill = () => {
    killed = sleep(lifeMs).then(() => child.end("SIGKILL"));
  };
  if (isYoung) kill();
  await child.started();
  if (child.isListening) await load.run(child.url, round, isYoung ? undefined : kill);
  await killed;
  if (!isYoung && load.signals.size === before) {
    throw new Error(`Round ${round} acknowledged nothing: ${load.wrong} ${child.stderr}`);
  }
}

/** Serves again on what is left, as any user would, ends that, and compares. */
async function checkRestart(
  spawn: Spawn,
  folder: string,
  load: Load,
  at: string,
  report: ServiceKillReport,
): Promise<void> {
  const child = spawn();
  await child.started();
  const jobs = await jobsOf(child.url);
  const code = await child.end("SIGTERM");
  const left = await readServiceLeft(join(folder, "driftkeel-data"), MODEL);
  const wrong = (what: string) => report.wrong.push(`${at}: ${what}`);
  if (code !== 0) wrong(`it ended with ${code}: ${child.stderr}`);
  if (!left.isAuditIntact) wrong("the chain of the audit log is broken");
  if (left.observed !== left.learned.length) {
    wrong(`${left.observed} signals counted, ${left.learned.length} kept`);
  }
  for (const each of load.wrong.splice(0)) wrong(each);
  compareSignals(load, left, at, report);
  compareJobs(load, jobs, left, wrong);
}

function compareSignals(
  { signals }: Load,
  { learned, stored }: ServiceLeft,
  at: string,
  report: ServiceKillReport,
): void {
  report.kept = learned.length;
  for (const [place, ids] of Object.entries({ learner: learned, samples: stored })) {
    const found = new Set(ids);
    const lost = [...signals].filter((id) => !found.has(id));
    addUnknown(report.lost, `${at}, ${place}`, lost);
    if (found.size < ids.length) addUnknown(report.doubled, `${at}, ${place}`, repeatsIn(ids));
  }
}

/** Every job that was acknowledged is told of, and what is told agrees with the versions. */
function compareJobs(
  { jobs: acknowledged }: Load,
  jobs: readonly Job[],
  { promotions }: ServiceLeft,
  wrong: (what: string) => void,
): void {
  const told = new Map(jobs.map((job) => [job.job_id, job]));
  for (const id of acknowledged) if (!told.has(id)) wrong(`${id} is not told of`);
  for (const { job_id, status, error } of jobs) {
    const fate = promotions.get(job_id);
    const isPromoted = status === "promoted" || status === "rolled_back";
    const isUnderWay = status === "queued" || status === "running" || status === "evaluating";
    if (isPromoted && fate === undefined) wrong(`${job_id} is ${status}, without a version`);
    // One that was under way when it was told may have been promoted since.
    if (fate !== undefined && !isPromoted && !isUnderWay) {
      wrong(`${job_id} is ${status}, and its version is ${fate}`);
    }
    if (status === "failed" && error?.code !== "UPDATE_CANCELLED") {
      wrong(`${job_id} failed: ${JSON.stringify(error)}`);
    }
  }
}

/** In the end every job ends. */
async function checkEnds(spawn: Spawn, load: Load, report: ServiceKillReport): Promise<void> {
  const child = spawn();
  await child.started();
  const isUnderWay = ({ status }: Job) => ["queued", "running", "evaluating"].includes(status);
  let jobs = await jobsOf(child.url);
  for (const deadline = performance.now() + 20_000; jobs.some(isUnderWay); ) {
    if (performance.now() > deadline) report.wrong.push("a job never ended");
    if (performance.now() > deadline) break;
    await sleep(20);
    jobs = await jobsOf(child.url);
  }
  await child.end("SIGTERM");
  const own = jobs.filter(({ job_id }) => load.jobs.has(job_id));
  for (const { status } of own) report.ends[status] = (report.ends[status] ?? 0) + 1;
  report.cut = own.filter(({ error }) => error?.code === "UPDATE_CANCELLED").length;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [rounds = "50", seed = "1"] = process.argv.slice(2);
  printFindings(await killService(Number(rounds), Number(seed)));
}
