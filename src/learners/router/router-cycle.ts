// One cycle of the router: index, dataset, challenger, benchmark, decision, version, report.

import { join } from "node:path";
import { monotonicMs, parseOptions } from "../../foundation.ts";
import { compareWith, type Opponent } from "./compare-with.ts";
import { CycleData } from "./cycle-data.ts";
import { cycleSchema, type ParsedCycleOptions, type RouterCycleOptions } from "./cycle-options.ts";
import { type CycleOutcome, type CycleReport, emptyReport } from "./cycle-report.ts";
import type { RouterDataset } from "./dataset-builder.ts";
import { heldOutReward } from "./held-out-reward.ts";
import { LearningRouter } from "./learning-router.ts";
import { RouterFolder } from "./router-folder.ts";
import { SeenTrajectories } from "./seen-trajectories.ts";

const TRAINED_PART = "trajectories.json";
const SOURCE = "router-cycle";

/**
 * Runs one cycle and returns its report, which is also written to `<path>/reports/`. A cycle that
 * fails after it has begun ends with a report too; the active router is then the one before.
 *
 * Order: report "interrupted" -> version saved -> pointer moved -> final report -> seen marks ->
 * case index. Killed anywhere, the active router is whole, and no id is marked without a report.
 *
 * Throws OPTION_INVALID, OPTION_UNKNOWN, VERSION_UNKNOWN (baselineVersion), STORE_LOCKED,
 * AUDIT_CORRUPT, and FILE_FAILED when not even a report can be written.
 */
export async function runRouterCycle(options: RouterCycleOptions): Promise<CycleReport> {
  const parsed = parseOptions("runRouterCycle", cycleSchema, options);
  const folder = await RouterFolder.open({
    path: parsed.path,
    maxVersions: parsed.maxVersions,
    dryRun: parsed.dryRun,
    seed: parsed.seed,
    now: parsed.now,
    disk: parsed.disk,
    lockHost: parsed.lockHost,
  });
  try {
    if (parsed.baselineVersion !== undefined) await folder.versions.read(parsed.baselineVersion);
    return await new RouterCycle(parsed, folder).run();
  } finally {
    await folder.close();
  }
}

class RouterCycle {
  readonly #options: ParsedCycleOptions;
  readonly #folder: RouterFolder;
  readonly #timer: () => number;
  readonly #startMs: number;
  #report!: CycleReport;

  constructor(options: ParsedCycleOptions, folder: RouterFolder) {
    this.#options = options;
    this.#folder = folder;
    this.#timer = options.timer ?? monotonicMs;
    this.#startMs = this.#timer();
  }

  async run(): Promise<CycleReport> {
    const { dryRun, seenPath, path } = this.#options;
    const startedAt = this.#now();
    this.#report = emptyReport(
      await this.#folder.nextReportId(startedAt),
      startedAt.toISOString(),
      this.#options,
    );
    try {
      if (!dryRun) await this.#completeKilled(seenPath ?? join(path, "seen.json"));
      const data = await this.#index();
      const { unseen } = data.counts;
      const { minNewTrajectories } = this.#options;
      if (unseen < minNewTrajectories) {
        const reason = `${unseen} new trajectories, at least ${minNewTrajectories} needed`;
        await this.#end("skipped", reason);
        if (this.#options.rebuildCaseIndex) await this.#rebuildCases(data);
        return this.#report;
      }
      return await this.#attempt(data);
    } catch (error) {
      // What was promoted stays so; the case index can be rebuilt at any time.
      if (this.#report.outcome === "promoted") throw error;
      const { code } = error as { code?: string };
      const message = error instanceof Error ? error.message : String(error);
      await this.#end("failed", code === undefined ? message : `${message} (${code})`);
      return this.#report;
    }
  }

  async #index(): Promise<CycleData> {
    const { path, suite, maxFileBytes, disk, dryRun } = this.#options;
    const data = await CycleData.open({
      folder: this.#options.trajectoriesPath ?? join(path, "trajectories"),
      maxFileBytes,
      seenPath: this.#options.seenPath ?? join(path, "seen.json"),
      savedIndex: await this.#folder.readIndex(),
      suite,
      disk,
    });
    if (!dryRun && data.index.hasChanged) await this.#folder.writeIndex(data.index.toJson());
    this.#report.trajectories = data.counts;
    this.#report.durations.indexMs = this.#timer() - this.#startMs;
    return data;
  }

  async #attempt(data: CycleData): Promise<CycleReport> {
    const { seed, training, signal } = this.#options;
    await this.#folder.writeReport(this.#report);
    await this.#log("job", "started", {});
    const opponents = await this.#opponents();
    const trained: LearningRouter[] = [];
    try {
      const start = this.#timer();
      const base = opponents[0]!;
      this.#report.baselineId = base.versionId;
      const { wordBuckets } = base.router;
      const { maxTrajectories } = this.#options;
      const dataset = await data.dataset({ ...training, wordBuckets, maxTrajectories });
      const { router, report } = await base.router.challenger(
        dataset,
        { ...training, seed },
        signal,
      );
      trained.push(router);
      this.#noteTraining(dataset, base.router, router, report);
      this.#report.durations.trainMs = this.#timer() - start;
      await this.#compare(opponents, router);
      return await this.#settle(data, dataset, base, router);
    } finally {
      for (const router of [...opponents.map((each) => each.router), ...trained]) router.dispose();
    }
  }

  /** The baseline first, then the anchor where it is another version. */
  async #opponents(): Promise<Opponent[]> {
    const { baselineVersion, dryRun, network } = this.#options;
    const { versions } = this.#folder;
    const load = async (role: Opponent["role"], versionId: string): Promise<Opponent> => {
      return {
        role,
        versionId,
        router: await LearningRouter.fromVersion(await versions.read(versionId)),
      };
    };
    if (baselineVersion !== undefined) return [await load("pinned", baselineVersion)];
    const current = await versions.getCurrent();
    if (current === undefined) {
      const router = await LearningRouter.create(network);
      if (dryRun) return [{ role: "active", versionId: null, router }];
      const versionId = await versions.save(router.version());
      await versions.promote(versionId, { source: "initial" });
      return [{ role: "active", versionId, router }];
    }
    const { activeId, anchorId } = current;
    const active = await load("active", activeId);
    return anchorId === activeId ? [active] : [active, await load("anchor", anchorId)];
  }

  #noteTraining(
    dataset: RouterDataset,
    baseline: LearningRouter,
    challenger: LearningRouter,
    report: Awaited<ReturnType<LearningRouter["challenger"]>>["report"],
  ): void {
    const { heldOut, ids, hash, baselineReward } = dataset;
    this.#report.dataset = {
      hash,
      used: ids.length,
      trained: ids.length - heldOut.length,
      heldOut: heldOut.length,
      baselineReward,
      heldOutReward: {
        baseline: heldOutReward(baseline, heldOut),
        challenger: heldOutReward(challenger, heldOut),
      },
    };
    const trained = Object.entries(report).flatMap(([name, each]) => {
      if (each === undefined) return [];
      const { steps, lossBefore, lossAfter } = each;
      return [[name, { steps, lossBefore, lossAfter }] as const];
    });
    this.#report.training = Object.fromEntries(trained);
  }

  async #compare(opponents: readonly Opponent[], challenger: LearningRouter): Promise<void> {
    const start = this.#timer();
    for (const opponent of opponents) {
      this.#report.comparisons.push(await compareWith(opponent, challenger, this.#options));
    }
    this.#report.durations.evaluateMs = this.#timer() - start;
  }

  async #settle(
    data: CycleData,
    dataset: RouterDataset,
    base: Opponent,
    router: LearningRouter,
  ): Promise<CycleReport> {
    const refusals = this.#report.comparisons.flatMap(({ role, gates }) =>
      gates.reasons.map((reason) => `against the ${role} version: ${reason}`),
    );
    if (refusals.length > 0) {
      await this.#log("validation", "candidate-rejected", { reasons: refusals });
      await this.#end("rejected", refusals.join("; "));
    } else {
      if (!this.#options.dryRun) await this.#promote(dataset, base, router);
      await this.#end("promoted", "every gate holds");
      if (!this.#options.dryRun) await data.seen.mark(dataset.ids);
    }
    if (this.#options.caseIndexPath !== undefined || this.#options.rebuildCaseIndex) {
      await this.#rebuildCases(data);
    }
    return this.#report;
  }

  async #promote(dataset: RouterDataset, base: Opponent, router: LearningRouter): Promise<void> {
    const { versions } = this.#folder;
    const { parts, ...version } = router.version();
    parts.set(TRAINED_PART, new TextEncoder().encode(JSON.stringify(dataset.ids)));
    const parent = base.versionId === null ? {} : { parent: base.versionId };
    const { seed } = this.#options;
    const versionId = await versions.save({ ...version, parts, seed, ...parent });
    this.#report.versionId = versionId;
    await this.#folder.writeReport(this.#report);
    const { deltas, challenger, interval } = this.#report.comparisons[0]!;
    const benchmark = {
      averageReward: challenger.averageReward,
      rewardDelta: deltas.reward,
      rewardLower: interval.lower,
      errorRate: challenger.errorRate,
      taskCount: challenger.taskCount,
    };
    await this.#log("promotion", "started", { version_id: versionId });
    await versions.promote(versionId, { source: SOURCE, benchmark });
    await this.#log("promotion", "promoted", { version_id: versionId, ...benchmark });
  }

  async #rebuildCases(data: CycleData): Promise<void> {
    const { dryRun, path, disk } = this.#options;
    if (dryRun) return;
    const cases = await data.cases();
    const file = this.#options.caseIndexPath ?? join(path, "case-index.json");
    await cases.save(file, disk ? { disk } : {});
    this.#report.caseIndex = cases.size;
    await this.#folder.writeReport(this.#report);
  }

  /** Completes the report and the marks of a cycle that was killed after its promotion. */
  async #completeKilled(seenPath: string): Promise<void> {
    const last = await this.#folder.lastReport();
    const { versions } = this.#folder;
    if (last === undefined) return;
    if ((await versions.getCurrent())?.activeId !== last.record.version_id) return;
    const ids = (await versions.read(last.record.version_id)).state.get(TRAINED_PART);
    if (ids === undefined) return;
    if (last.record.finished_at === null) {
      const reason = "every gate holds; the cycle was killed, and completed by the next one";
      const finished_at = this.#now().toISOString();
      const record = { ...last.record, outcome: "promoted", reason, finished_at };
      await this.#folder.amendReport(last.key, record);
    }
    const seen = await SeenTrajectories.open(seenPath, this.#options.disk);
    await seen.mark(JSON.parse(new TextDecoder().decode(ids)));
  }

  async #end(outcome: CycleOutcome, reason: string): Promise<void> {
    const finishedAt = this.#now().toISOString();
    const totalMs = this.#timer() - this.#startMs;
    const durations = { ...this.#report.durations, totalMs };
    this.#report = { ...this.#report, outcome, reason, finishedAt, durations };
    await this.#folder.writeReport(this.#report);
    if (outcome !== "skipped") await this.#log("job", outcome, { reason });
  }

  async #log(
    eventType: "job" | "validation" | "promotion",
    outcome: string,
    details: Record<string, unknown>,
  ): Promise<void> {
    const { reportId } = this.#report;
    const entry = { eventType, outcome, details: { report_id: reportId, ...details } };
    await this.#folder.audit?.log(entry);
  }

  #now(): Date {
    return new Date(this.#options.now());
  }
}
