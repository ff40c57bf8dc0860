// What is watched of one model: the numbers behind its metrics, and behind its alerts.

import { monotonicMs } from "../../foundation.ts";
import type {
  DryRunOutcome,
  EwcFacts,
  LearnerEvent,
  Observation,
  Sample,
  UpdateOutcome,
} from "../../index.ts";
import { PerformanceRecord } from "../performance-record.ts";
import { degradationOf } from "./degradation.ts";

/** Promotions, and rollbacks, whose times are kept. */
const MOST_TIMES = 10_000;

/** The clocks that vitals are measured by. */
export interface VitalsClocks {
  /** Milliseconds since 1970. */
  nowMs: () => number;
  /** Milliseconds on a clock that only goes forward; default the system's. */
  elapsedMs?: () => number;
}

/** The Fisher of the last update that was held to one; 0 before. */
interface FisherVitals {
  max: number;
  median: number;
  /** Factor, >= 1, between the last two finite maxima; 1 before there are two. */
  change: number;
}

/** One model. NaN stands for what was not measured since the service started. */
export class Vitals {
  /** Annual ratios of the active version and the candidate, as the last verdict measured them. */
  sharpe = { pre: Number.NaN, post: Number.NaN };
  /** Of the last promotion; 0 once it was rolled back. */
  degradation = Number.NaN;
  ewcPenalty = 0;
  fisher: FisherVitals = { max: 0, median: 0, change: 1 };
  /** Since the last update that was judged; cancelled ones are passed over. */
  failedInARow = 0;
  readonly #clocks: Required<VitalsClocks>;
  readonly #performance = new PerformanceRecord();
  readonly #promotedAtMs: number[] = [];
  readonly #rolledBackAtMs: number[] = [];
  #runningSinceMs: number | undefined;
  readonly #openedMs: number;
  #newestSampleMs: number | undefined;
  #lastOutcome: object | undefined;
  #lastFiniteMax: number | undefined;

  constructor({ nowMs, elapsedMs = monotonicMs }: VitalsClocks) {
    this.#clocks = { nowMs, elapsedMs };
    this.#openedMs = nowMs();
  }

  /** Takes in what happened. Returns the seconds that an update took which ended. */
  hear(event: LearnerEvent): number | undefined {
    switch (event.type) {
      case "update-started":
        this.#runningSinceMs = this.#clocks.elapsedMs();
        return undefined;
      case "promoted":
        this.failedInARow = 0;
        remember(this.#promotedAtMs, event.at);
        return this.#endUpdate();
      case "candidate-rejected":
        this.failedInARow = 0;
        return this.#endUpdate();
      case "update-failed":
        if (event.code !== "UPDATE_CANCELLED") this.failedInARow += 1;
        return this.#endUpdate();
      case "rolled-back":
        this.degradation = 0; // what serves now is what served before
        remember(this.#rolledBackAtMs, event.at);
        return undefined;
      default:
        return undefined;
    }
  }

  /** Takes in a sample that was learned. */
  takeSample(observation: Observation, { timestamp }: Sample): void {
    const nowMs = this.#clocks.nowMs();
    // A time that is still to come would hide for as long that samples stopped.
    const sampleMs = Math.min(timestamp?.getTime() ?? nowMs, nowMs);
    this.#newestSampleMs = Math.max(this.#newestSampleMs ?? sampleMs, sampleMs);
    this.#performance.observe(observation, nowMs);
  }

  /** Whether an outcome is another than the last one that was taken in. */
  isFirstSeen(outcome: UpdateOutcome | DryRunOutcome): boolean {
    return outcome !== this.#lastOutcome;
  }

  /**
   * Takes in how an update ended; of a dry run only that it did. Returns the seconds that it took,
   * unless `hear` has.
   */
  takeUpdate(outcome: UpdateOutcome | DryRunOutcome, isDryRun: boolean): number | undefined {
    this.#lastOutcome = outcome;
    if (outcome.outcome === "skipped") return undefined;
    if (!isDryRun) this.#measure(outcome);
    return this.#endUpdate(); // nothing else tells that a dry run was accepted
  }

  /** Seconds that the update under way has been running; 0 while there is none. */
  get updateSeconds(): number {
    if (this.#runningSinceMs === undefined) return 0;
    return (this.#clocks.elapsedMs() - this.#runningSinceMs) / 1000;
  }

  /**
   * Seconds since the newest sample's time: its timestamp, or when it was learned where it has
   * none. Before the first sample, since the service started.
   */
  get feedbackLagSeconds(): number {
    const { nowMs } = this.#clocks;
    return Math.max(0, nowMs() - (this.#newestSampleMs ?? this.#openedMs)) / 1000;
  }

  /** Rolling and annual, of what the recent samples earned. */
  get liveSharpe(): number {
    return this.#performance.sharpe ?? Number.NaN;
  }

  /** Promotions and rollbacks of the last `windowMs` milliseconds. */
  recent(windowMs: number): { promotions: number; rollbacks: number } {
    const from = this.#clocks.nowMs() - windowMs;
    const count = (times: readonly number[]) => times.filter((ms) => ms > from).length;
    return { promotions: count(this.#promotedAtMs), rollbacks: count(this.#rolledBackAtMs) };
  }

  #measure(outcome: UpdateOutcome | DryRunOutcome): void {
    const { measurements, facts } = outcome;
    const { sharpeBefore, sharpeAfter } = measurements;
    if (sharpeBefore !== undefined && sharpeAfter !== undefined) {
      this.sharpe = { pre: sharpeBefore, post: sharpeAfter };
    }
    if (outcome.outcome === "promoted") this.degradation = degradationOf(outcome);
    if (facts?.training) this.ewcPenalty = facts.training.penalty;
    if (facts?.ewc) this.#measureFisher(facts.ewc);
  }

  #measureFisher({ fisherMax: max, fisherMedian: median }: EwcFacts): void {
    const before = this.#lastFiniteMax;
    const isComparable = before !== undefined && Number.isFinite(max);
    if (Number.isFinite(max)) this.#lastFiniteMax = max;
    this.fisher = { max, median, change: isComparable ? factorBetween(before, max) : 1 };
  }

  #endUpdate(): number | undefined {
    if (this.#runningSinceMs === undefined) return undefined;
    const seconds = this.updateSeconds;
    this.#runningSinceMs = undefined;
    return seconds;
  }
}

/** >= 1; infinite when one of them alone is 0. */
function factorBetween(one: number, other: number): number {
  return one === other ? 1 : Math.max(one, other) / Math.min(one, other);
}

function remember(times: number[], ms: number): void {
  times.push(ms);
  if (times.length > MOST_TIMES) times.shift();
}
