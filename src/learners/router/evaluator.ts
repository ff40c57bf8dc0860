// Runs two routers on the same tasks, side by side, and compares them pair by pair.

import { monotonicMs, pairedMean } from "../../foundation.ts";
import type { BenchmarkResult } from "../../index.ts";
import {
  type BenchmarkSuite,
  type BenchmarkTask,
  outcomeOf,
  situationOf,
  type TaskOutcome,
} from "./benchmark-suite.ts";
import type { LearningRouter, Route } from "./learning-router.ts";

/** Carries out a decision on a task; what it throws counts as an error with a reward of 0. */
export type TaskExecutor = (
  task: BenchmarkTask,
  route: Route,
) => Promise<TaskOutcome> | TaskOutcome;

/** How one router did. */
export interface RouterResult extends BenchmarkResult {
  taskRewards: ReadonlyMap<string, number>;
  /** 95th percentile of the time of a decision in milliseconds; `latencyMs` is the median. */
  latencyP95Ms: number;
  /** Mean reward by family of tasks. */
  familyRewards: Record<string, number>;
}

/** challenger - baseline over the tasks, with a two-sided Student interval. */
export interface PairedInterval {
  mean: number;
  lower: number;
  upper: number;
  /** Of the interval. */
  confidence: number;
}

/** Both results, and what they differ by. */
export interface Evaluation {
  baseline: RouterResult;
  challenger: RouterResult;
  difference: PairedInterval;
}

/** What an evaluator may be given. */
export interface EvaluatorOptions {
  /** Default: the rewards that the suite states. */
  execute?: TaskExecutor;
  /** Of the interval; default 0.95. */
  confidence?: number;
  /** Milliseconds for the latencies; default a clock that only goes forward. */
  timer?: () => number;
}

/** Evaluates routers on one suite. */
export class Evaluator {
  readonly #suite: BenchmarkSuite;
  readonly #execute: TaskExecutor;
  readonly #confidence: number;
  readonly #timer: () => number;

  constructor(suite: BenchmarkSuite, options: EvaluatorOptions = {}) {
    this.#suite = suite;
    this.#execute = options.execute ?? outcomeOf;
    this.#confidence = options.confidence ?? 0.95;
    this.#timer = options.timer ?? monotonicMs;
  }

  /**
   * Runs both on every task. They take turns in going first: neither has the warmer caches. A suite
   * of one task has an interval of NaN.
   */
  async compare(baseline: LearningRouter, challenger: LearningRouter): Promise<Evaluation> {
    const tallies = [new Tally(), new Tally()] as const;
    const routers = [baseline, challenger] as const;
    for (const [index, task] of this.#suite.tasks.entries()) {
      const order = index % 2 === 0 ? [0, 1] : [1, 0];
      for (const side of order) await this.#run(routers[side]!, task, tallies[side]!);
    }
    const [base, challenged] = tallies.map((tally) => tally.result()) as [
      RouterResult,
      RouterResult,
    ];
    const differences = [...challenged.taskRewards].map(
      ([id, reward]) => reward - base.taskRewards.get(id)!,
    );
    return { baseline: base, challenger: challenged, difference: this.#interval(differences) };
  }

  async #run(router: LearningRouter, task: BenchmarkTask, tally: Tally): Promise<void> {
    const { task: asked, context, candidates } = situationOf(task);
    const start = this.#timer();
    let latencyMs = 0;
    let outcome: TaskOutcome;
    try {
      const route = router.route(asked, context, candidates);
      latencyMs = this.#timer() - start;
      const { reward, isError } = await this.#execute(task, route);
      outcome = Number.isFinite(reward) ? { reward, isError } : { reward: 0, isError: true };
    } catch {
      outcome = { reward: 0, isError: true };
    }
    tally.add(task, outcome, latencyMs);
  }

  #interval(differences: readonly number[]): PairedInterval {
    const confidence = this.#confidence;
    // The one-sided bound at (1 + c) / 2 is one end of the two-sided interval at c.
    const { mean, lower } = pairedMean(differences, (1 + confidence) / 2);
    return { mean, lower, upper: 2 * mean - lower, confidence };
  }
}

/** Adds up what one router did. */
class Tally {
  readonly #rewards = new Map<string, number>();
  readonly #families = new Map<string, number[]>();
  readonly #latencies: number[] = [];
  #errors = 0;

  add({ task, family }: BenchmarkTask, { reward, isError }: TaskOutcome, latencyMs: number): void {
    this.#rewards.set(task.taskId, reward);
    this.#families.set(family, [...(this.#families.get(family) ?? []), reward]);
    this.#latencies.push(latencyMs);
    if (isError) this.#errors++;
  }

  result(): RouterResult {
    const rewards = [...this.#rewards.values()];
    const sorted = [...this.#latencies].sort((a, b) => a - b);
    const families = [...this.#families].map(([name, each]) => [name, meanOf(each)] as const);
    return {
      averageReward: meanOf(rewards),
      errorRate: this.#errors / rewards.length,
      latencyMs: quantile(sorted, 0.5),
      latencyP95Ms: quantile(sorted, 0.95),
      taskCount: rewards.length,
      taskRewards: this.#rewards,
      familyRewards: Object.fromEntries(families),
    };
  }
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The smallest value that at least a share q of the sorted values does not exceed. */
function quantile(sorted: readonly number[], q: number): number {
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)]!;
}
