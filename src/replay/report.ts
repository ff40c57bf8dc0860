// Turns the results of a replay into report.json: the same run makes the same bytes.

import type { BarFile } from "./bars.ts";
import type { LogDigest } from "./decision-log.ts";
import type { ArchitectureProposed, BaseTrained } from "./replay-event.ts";
import type { ReplaySettings } from "./replay-options.ts";
import type { RegimeSummary, TraderSummary } from "./replay-summary.ts";

/** Raised when a field changes its meaning or goes. */
const REPORT_VERSION = 3;

/** Everything a report is made of. */
export interface ReportInput {
  file: BarFile;
  settings: ReplaySettings;
  base: BaseTrained;
  summaries: readonly RegimeSummary[];
  log: LogDigest;
  /** The version that serves at the end. */
  versionId: string;
  /** Architectures that were proposed, in order; absent when none was searched. */
  proposals?: readonly ArchitectureProposed[];
}

/** Rounds to 6 decimals, which is finer than any of these figures is known. */
function round(value: number): number {
  if (!Number.isFinite(value)) {
    throw new RangeError(`Expected finite numbers in a report, got ${value}.`);
  }
  return Number(value.toFixed(6));
}

function dataSection({ name, sha256, bars }: BarFile): object {
  return {
    file: name,
    sha256,
    bars: bars.length,
    first_date: bars[0]!.date,
    last_date: bars.at(-1)!.date,
  };
}

/** The settings as report.json names and orders them. */
export function settingsSection(settings: ReplaySettings): object {
  const { stability, probation, drift, base, update } = settings;
  return {
    seed: settings.seed,
    warmup_years: settings.warmupYears,
    schedule_days: settings.scheduleDays,
    cost_bps: settings.costBps,
    cooldown_days: settings.cooldownDays,
    train_days: settings.trainDays,
    holdout_share: settings.holdoutShare,
    holdout_days: settings.holdoutDays,
    min_train_days: settings.minTrainDays,
    min_holdout_days: settings.minHoldoutDays,
    max_loss_delta: settings.maxLossDelta,
    stability: { min_ratio: stability.minRatio, level: stability.level },
    probation: {
      level: probation.level,
      min_samples: probation.minSamples,
      max_samples: probation.maxSamples,
    },
    search_every_days: settings.searchEveryDays,
    search_days: settings.searchDays,
    cool_off_days: settings.coolOffDays,
    drift: { window_size: drift.windowSize, sigmas: drift.sigmas },
    base: { lr: base.lr, max_steps: base.maxSteps, weight_decay: base.weightDecay },
    update: {
      rank: update.rank,
      alpha: update.alpha,
      lr: update.lr,
      max_steps: update.maxSteps,
      ewc_lambda: update.ewcLambda,
      replay_capacity: update.replayCapacity,
      replay_share: update.replayShare,
    },
  };
}

function baseSection(base: BaseTrained): object {
  return {
    last_date: base.date,
    samples: base.samples,
    steps: base.steps,
    loss_before: round(base.lossBefore),
    loss_after: round(base.lossAfter),
    in_sample_sharpe: {
      hold: round(base.inSample.hold.sharpe),
      static: round(base.inSample.static.sharpe),
    },
  };
}

function traderSection(trader: TraderSummary): object {
  return {
    sharpe: round(trader.sharpe),
    annual_return: round(trader.annualReturn),
    max_drawdown: round(trader.maxDrawdown),
    degradation: round(trader.degradation),
    exposure: round(trader.exposure),
  };
}

function regimeSection(summary: RegimeSummary): object {
  return {
    regime: summary.regime,
    days: summary.days,
    drift_alerts: summary.driftAlerts,
    promotions: summary.promotions,
    rejections: summary.rejections,
    updates_failed: summary.updatesFailed,
    rollbacks: summary.rollbacks,
    naive_updates_kept: summary.naiveUpdatesKept,
    naive_updates_failed: summary.naiveUpdatesFailed,
    hold: traderSection(summary.traders.hold),
    static: traderSection(summary.traders.static),
    naive: traderSection(summary.traders.naive),
    driftkeel: traderSection(summary.traders.driftkeel),
  };
}

function proposalSection(proposal: ArchitectureProposed): object {
  return {
    date: proposal.date,
    accepted: proposal.accepted,
    cell: proposal.cell,
    parameters: proposal.parameters,
    current_sharpe: round(proposal.currentSharpe),
    found_sharpe: round(proposal.foundSharpe),
    reason: proposal.reason,
  };
}

/**
 * Returns the text of report.json: snake_case members in a fixed order, every number finite and
 * rounded to 6 decimals, two spaces of indentation, a newline at the end. It names the data and
 * the decision log by their SHA-256 and holds no clock, duration or path.
 */
export function reportText(input: ReportInput): string {
  const { file, settings, base, summaries, log, versionId, proposals } = input;
  const report = {
    report_version: REPORT_VERSION,
    data: dataSection(file),
    settings: settingsSection(settings),
    base: baseSection(base),
    regimes: summaries.map(regimeSection),
    active_version: versionId,
    ...(proposals && { architectures: proposals.map(proposalSection) }),
    decisions: { file: "decisions.jsonl", lines: log.lines, sha256: log.sha256 },
  };
  return `${JSON.stringify(report, null, 2)}\n`;
}
