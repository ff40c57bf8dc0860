// The background loop: waiting trajectories become patterns, and a base adapter learns from them.
//
//     trajectories -> patterns -> boundary test -> training -> held-out gain -> adapter
//
// The adapter that answers is never trained: a copy is, and takes its place when it is better.

import * as z from "zod/mini";
import { parseOptions } from "../../foundation.ts";
import { DriftkeelError, HoldoutSplit, Random } from "../../index.ts";
import { type BackgroundLoopConfig, type LoopOptions, loopSchema } from "./background-options.ts";
import { decodeLoop, encodeLoop, type LoopState } from "./background-state.ts";
import { type BackgroundStatus, type HeldOutGain, learnFrom } from "./background-update.ts";
import { OnlineEwc } from "./online-ewc.ts";
import { PatternBank } from "./pattern-bank.ts";
import {
  checkEmbedding,
  type Experience,
  experienceOf,
  type QueryTrajectory,
} from "./query-trajectory.ts";
import { ResidualAdapter } from "./residual-adapter.ts";

/** What a cycle did. */
export interface BackgroundResult {
  trajectoriesProcessed: number;
  /** Patterns that these trajectories belong to. */
  patternsExtracted: number;
  /** How many of them are new. */
  patternsAdded: number;
  /** Whether the Fisher, or Fisher and baseline, of `OnlineEwc` changed. */
  ewcUpdated: boolean;
  boundaryDetected: boolean;
  /** Whether another adapter answers from now on. */
  adapterUpdated: boolean;
  /** Undefined when no update was judged. */
  gain: HeldOutGain | undefined;
  elapsedMs: number;
  status: BackgroundStatus;
}

const cycleOptions = z.strictObject({ force: z._default(z.boolean(), false) });

/** Learns in cycles from trajectories that wait; serves with what has proved better. */
export class BackgroundLoop {
  readonly #options: LoopOptions;
  readonly #split: HoldoutSplit;
  readonly #state: LoopState;
  #lastRunAt: number;

  /** Throws OPTION_INVALID, OPTION_UNKNOWN. */
  constructor(config: BackgroundLoopConfig) {
    const options = parseOptions("BackgroundLoop", loopSchema, config);
    this.#options = options;
    this.#state = initialState(options);
    this.#split = new HoldoutSplit({ fraction: options.holdoutFraction, seed: options.seed });
    this.#lastRunAt = options.now();
  }

  /** The patterns found so far. Search it; the loop fills it. */
  get patterns(): PatternBank {
    return this.#state.bank;
  }

  /** Trajectories that wait for a cycle. */
  get pending(): number {
    return this.#state.pending.length;
  }

  /** Cycles that were not skipped. */
  get cycles(): number {
    return this.#state.cycles;
  }

  /** Cycles whose adapter was put to use. */
  get updates(): number {
    return this.#state.updates;
  }

  /** Quality that is normal now; undefined before the first cycle. */
  get normalQuality(): number | undefined {
    return this.#state.normalQuality;
  }

  /** The base adapter's correction of an embedding: f32[embeddingSize]. */
  transform(query: Float32Array): Float32Array {
    checkEmbedding("query", query, this.#options.embeddingSize);
    return this.#state.adapter.output(query);
  }

  /**
   * Whether it is time for a cycle: the interval has passed since the last one that was not
   * skipped, or there is no room for another trajectory.
   */
  shouldRun(): boolean {
    const { now, extractionIntervalMs, maxPending } = this.#options;
    return now() - this.#lastRunAt >= extractionIntervalMs || this.pending >= maxPending;
  }

  /**
   * Keeps trajectories for the next cycle: all, or none when one is refused. One whose id waits
   * already is not taken twice. Throws OPTION_INVALID, OPTION_UNKNOWN, LENGTH_MISMATCH,
   * VALUE_NOT_FINITE, ARGUMENT_RANGE, FEEDBACK_BUFFER_FULL.
   */
  add(trajectories: readonly QueryTrajectory[]): void {
    const { embeddingSize, maxPending } = this.#options;
    const { pending, waiting } = this.#state;
    const taken = new Map<string, Experience>();
    for (const trajectory of trajectories) {
      const experience = experienceOf(trajectory, embeddingSize);
      if (!waiting.has(experience.id)) taken.set(experience.id, experience);
    }
    if (pending.length + taken.size > maxPending) {
      throw new DriftkeelError(
        "FEEDBACK_BUFFER_FULL",
        `Expected at most ${maxPending} trajectories (maxPending) to wait, got ${taken.size} ` +
          `besides ${pending.length}. Run a cycle first.`,
      );
    }
    pending.push(...taken.values());
    for (const id of taken.keys()) waiting.add(id);
  }

  /**
   * Keeps `trajectories` and learns from all that wait. With fewer than `minTrajectories` they go
   * on waiting and the cycle is skipped, unless `force` is set and there is at least one. Throws as
   * `add`, before anything has changed.
   */
  runCycle(
    trajectories: readonly QueryTrajectory[] = [],
    options?: { force?: boolean },
  ): BackgroundResult {
    const started = this.#options.now();
    const { force } = parseOptions("runCycle", cycleOptions, options);
    this.add(trajectories);
    const fresh = this.#state.pending;
    if (fresh.length < (force ? 1 : this.#options.minTrajectories)) return this.#skipped(started);
    const { normalQuality } = this.#state;
    this.#state.normalQuality = runningMean(normalQuality, fresh, this.#options.qualityDecay);
    const { patterns, added } = this.patterns.extractFrom(fresh);
    const learned = learnFrom(fresh, this.#state, this.#options, this.#split);
    this.patterns.prune();
    this.#state.pending = [];
    this.#state.waiting.clear();
    this.#state.cycles++;
    this.#lastRunAt = this.#options.now();
    return {
      trajectoriesProcessed: fresh.length,
      patternsExtracted: patterns.length,
      patternsAdded: added,
      ...learned,
      elapsedMs: this.#lastRunAt - started,
    };
  }

  #skipped(started: number): BackgroundResult {
    return {
      trajectoriesProcessed: 0,
      patternsExtracted: 0,
      patternsAdded: 0,
      ewcUpdated: false,
      boundaryDetected: false,
      adapterUpdated: false,
      gain: undefined,
      elapsedMs: this.#options.now() - started,
      status: "skipped: insufficient trajectories",
    };
  }

  /** Everything but the clock, as bytes; the time since the last cycle goes with them. */
  toBytes(): Uint8Array {
    const elapsedMs = this.#options.now() - this.#lastRunAt;
    return encodeLoop(this.#options, this.#state, elapsedMs);
  }

  /**
   * A loop that goes on where `toBytes` was called, on a clock of this process. Throws
   * FILE_CORRUPT, STATE_INVALID, OPTION_INVALID.
   */
  static fromBytes(bytes: Uint8Array, clock?: { now?: () => number }): BackgroundLoop {
    const { config, state, elapsedMs } = decodeLoop(bytes);
    const loop = new BackgroundLoop({ ...config, ...clock });
    loop.dispose();
    Object.assign(loop.#state, state);
    loop.#lastRunAt -= elapsedMs;
    return loop;
  }

  /** Gives the memory back. Later cycles throw DISPOSED. */
  dispose(): void {
    this.#state.bank.dispose();
    this.#state.ewc.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

function initialState(options: LoopOptions): LoopState {
  const { embeddingSize, maxPending, rank, alpha, patterns, boundary, ewcLambda, seed } = options;
  const random = new Random(seed);
  const adapter = ResidualAdapter.initial({ size: embeddingSize, rank, alpha }, random);
  return {
    bank: new PatternBank({ embeddingSize, maxPending, ...patterns }),
    ewc: new OnlineEwc(adapter.weights, { ...boundary, lambda: ewcLambda, seed }),
    adapter,
    random,
    pending: [],
    waiting: new Set(),
    heldOut: [],
    normalQuality: undefined,
    cycles: 0,
    updates: 0,
  };
}

function runningMean(
  before: number | undefined,
  fresh: readonly Experience[],
  decay: number,
): number {
  const mean = fresh.reduce((sum, { quality }) => sum + quality, 0) / fresh.length;
  return before === undefined ? mean : decay * before + (1 - decay) * mean;
}
