// The trader that learns with a net: an online learner on the base network.

import type { Network } from "../model/network.ts";
import { NetworkLearnable } from "../model/network-learnable.ts";
import type { Sample } from "../model/sample.ts";
import { SharpeDriftDetector } from "../pipeline/drift/sharpe-drift-detector.ts";
import { OnlineLearner } from "../pipeline/learner.ts";
import type { Observation, UpdateOutcome } from "../pipeline/learner-results.ts";
import { ScheduledTrigger } from "../pipeline/trigger/scheduled-trigger.ts";
import { Composite } from "../pipeline/validate/composite.ts";
import { FiniteWeights } from "../pipeline/validate/finite-weights.ts";
import { LossDelta } from "../pipeline/validate/loss-delta.ts";
import { SharpeStability } from "../pipeline/validate/sharpe-stability.ts";
import type { ReplaySettings } from "./replay-options.ts";
import { adapterOptions } from "./signal-network.ts";

const DAY_MS = 86_400_000;
/** The name of the model in its versions and its audit log. */
export const REPLAY_MODEL = "replay";

/** What a day did to the learner. */
export interface LearnedDay {
  /** The numbers behind an alert of this day. */
  drift: Readonly<Record<string, number>> | undefined;
  /** Undefined when nothing asked for one. */
  update: UpdateOutcome | undefined;
  /** The versions that probation went from and back to. */
  rollback: { from: string; to: string } | undefined;
}

/** Positions in -1..1 from features: the base network with an adapter that learns on top of it. */
export class SignalLearner {
  readonly #learner: OnlineLearner;
  readonly #detector: SharpeDriftDetector;
  readonly #clock: { now: Date };

  private constructor(learner: OnlineLearner, detector: SharpeDriftDetector, clock: { now: Date }) {
    this.#learner = learner;
    this.#detector = detector;
    this.#clock = clock;
  }

  /**
   * Starts as the base network and protects what that can do on `warmUp`, oldest first.
   * network: the base network, which is not changed and not disposed of. storagePath: an empty
   * folder for versions, state and audit log. today: the market's dates are the only clock.
   */
  static async open(
    network: Network,
    warmUp: Sample[],
    settings: ReplaySettings,
    { storagePath, today }: { storagePath: string | undefined; today: Date },
  ): Promise<SignalLearner> {
    const { update, drift, seed, costBps, maxLossDelta, cooldownDays, scheduleDays } = settings;
    const { rank, alpha, targetModules, ...training } = adapterOptions(network, settings);
    const detector = new SharpeDriftDetector({ ...drift, input: "returns" });
    const clock = { now: today };
    const learner = await OnlineLearner.open({
      model: new NetworkLearnable({ ...training, adapter: { rank, alpha, targetModules } }),
      modelId: REPLAY_MODEL,
      ...(storagePath !== undefined && { storagePath }),
      maxVersions: 30,
      // A replay that was cut short is run again; its samples are in the file.
      durableSamples: false,
      history: warmUp,
      intake: {
        trainingWindow: settings.trainDays,
        holdoutWindow: settings.holdoutDays,
        holdoutFraction: settings.holdoutShare,
        replayCapacity: update.replayCapacity,
        retentionCapacity: 0,
      },
      detector,
      onDrift: "update",
      trigger: new ScheduledTrigger({ interval: scheduleDays, now: () => clock.now }),
      minIntervalMs: cooldownDays * DAY_MS,
      minSamples: settings.minTrainDays,
      minHoldout: settings.minHoldoutDays,
      replayShare: update.replayShare,
      ewc: { lambda: update.ewcLambda, consolidation: "ema", gamma: 0.9 },
      pnl: (outputs, samples) => profit(outputs, samples, costBps * 1e-4),
      watched: "pnl",
      validator: new Composite([
        new FiniteWeights(),
        new LossDelta(maxLossDelta),
        new SharpeStability(settings.stability),
      ]),
      probation: settings.probation,
      safeMode: { coolOffMs: settings.coolOffDays * DAY_MS },
      seed,
      now: () => clock.now,
    });
    return new SignalLearner(learner, detector, clock);
  }

  /** The position with the active version. */
  position(input: Float32Array): number {
    return this.#learner.predict(input).output[0]!;
  }

  /** Sharpe ratio of the days in the detector's window, per year. */
  get rollingSharpe(): number {
    return this.#detector.currentSharpe();
  }

  /** The active version. */
  get versionId(): string {
    return this.#learner.status().versionId;
  }

  /** Learns from a day whose outcome `today` has shown. */
  async learn(sample: Sample, today: Date): Promise<LearnedDay> {
    this.#clock.now = today;
    const from = this.versionId;
    const { drift, update, rolledBack }: Observation = await this.#learner.observe(sample);
    return {
      drift: drift === "drift" ? this.#detector.measurements : undefined,
      update,
      rollback: rolledBack ? { from, to: this.versionId } : undefined,
    };
  }

  /** Keeps what is to be kept and gives the core's memory back. */
  async close(): Promise<void> {
    await this.#learner.close();
    this.#detector.dispose();
  }
}

/**
 * What positions f32[n] earn on the days of the samples: position x return, less the cost of each
 * change from one row to the next. Rows are neighbours in the window, not always in the calendar.
 */
function profit(positions: Float32Array, samples: readonly Sample[], cost: number): Float64Array {
  return Float64Array.from(samples, ({ label }, row) => {
    const turnover = row === 0 ? 0 : Math.abs(positions[row]! - positions[row - 1]!);
    return positions[row]! * label[0]! - cost * turnover;
  });
}
