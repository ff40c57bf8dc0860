// Where samples go: into the window that trains, the window that judges, or the memory of the past.

import * as z from "zod/mini";
import { DriftkeelRangeError } from "../../errors.ts";
import type { Sample } from "../../model/sample.ts";
import {
  nonNegativeInteger,
  parseOptions,
  parseState,
  positiveInteger,
  positiveNumber,
  seed,
  share,
} from "../../options.ts";
import { HoldoutSplit } from "./holdout-split.ts";
import { ReplayBuffer } from "./replay-buffer.ts";
import { loadSample, savedSample, saveSample } from "./saved-sample.ts";

export interface IntakeOptions {
  /** Newest training samples, which an update trains on: 1..10^6, default 512. */
  trainingWindow?: number;
  /** Newest held-out samples, which judge: 1..10^6, default 256. */
  holdoutWindow?: number;
  /**
   * Milliseconds before the newest timestamp after which a sample leaves its window; default
   * never. Samples without a timestamp leave only when the window is full.
   */
  maxAgeMs?: number;
  /** Part of all samples that is held out, decided once by content; default 0.2. */
  holdoutFraction?: number;
  /** Older training samples kept for replay, 0 for none; default 2048. */
  replayCapacity?: number;
  /** Older held-out samples kept to see what is forgotten, 0 for none; default 256. */
  retentionCapacity?: number;
  /**
   * Which samples are never forgotten: leaving their window, they are locked in the memory of the
   * past. It is asked again after a restart, so it looks at nothing but the sample. Default: none.
   */
  isLocked?: (sample: Sample) => boolean;
  /**
   * Different samples that each memory of the past locks, beside its capacity; one more is kept
   * like any other. Default 256 with `isLocked`, 0 without.
   */
  lockedCapacity?: number;
  /** Default 0. */
  seed?: number;
}

const LARGEST = 1_000_000;
const DEFAULT_LOCKED = 256;
const window = positiveInteger.check(z.maximum(LARGEST, `an integer from 1 to ${LARGEST}`));
const capacity = nonNegativeInteger.check(z.maximum(LARGEST, `an integer from 0 to ${LARGEST}`));

const intakeOptions = z.strictObject({
  trainingWindow: z._default(window, 512),
  holdoutWindow: z._default(window, 256),
  maxAgeMs: z.optional(positiveNumber),
  holdoutFraction: z._default(share, 0.2),
  replayCapacity: z._default(capacity, 2048),
  retentionCapacity: z._default(capacity, 256),
  isLocked: z.optional(
    z.custom<(sample: Sample) => boolean>((value) => typeof value === "function", "a function"),
  ),
  lockedCapacity: z.optional(capacity),
  seed: z._default(seed, 0),
});

const stateSchema = z.strictObject({
  training: z.array(savedSample),
  holdout: z.array(savedSample),
  replay: z.unknown(),
  retention: z.unknown(),
  sinceUpdate: nonNegativeInteger,
});

/** Which side a sample is on. */
export type Side = "training" | "holdout";

/** Sorts samples and forgets in order; every window has a limit. */
export class Intake {
  readonly #options: z.output<typeof intakeOptions>;
  readonly #split: HoldoutSplit;
  readonly #training: Sample[] = [];
  readonly #holdout: Sample[] = [];
  readonly #replay: ReplayBuffer | undefined;
  readonly #retention: ReplayBuffer | undefined;
  /** Whether the memories of the past lock anything. */
  readonly #locks: boolean;
  #sinceUpdate = 0;

  /** Throws OPTION_INVALID, OPTION_UNKNOWN. */
  constructor(options?: IntakeOptions) {
    const parsed = parseOptions("Intake", intakeOptions, options);
    const { holdoutFraction, replayCapacity, retentionCapacity, isLocked } = parsed;
    const { lockedCapacity = isLocked ? DEFAULT_LOCKED : 0 } = parsed;
    if (lockedCapacity > 0 && !isLocked) throw nothingToLock(lockedCapacity);
    this.#options = parsed;
    this.#locks = lockedCapacity > 0;
    this.#split = new HoldoutSplit({ fraction: holdoutFraction, seed: parsed.seed });
    const past = (capacity: number) =>
      capacity > 0 ? new ReplayBuffer({ capacity, lockedCapacity, seed: parsed.seed }) : undefined;
    this.#replay = past(replayCapacity);
    this.#retention = past(retentionCapacity);
  }

  /**
   * Takes a sample that has been checked and that nobody else will change, and says on which side
   * it is from now on.
   */
  accept(sample: Sample): Side {
    const { trainingWindow, holdoutWindow } = this.#options;
    const side = this.sideOf(sample);
    const isHeldOut = side === "holdout";
    (isHeldOut ? this.#holdout : this.#training).push(sample);
    if (!isHeldOut) this.#sinceUpdate++;
    this.#slide(this.#training, trainingWindow, sample.timestamp, this.#replay);
    this.#slide(this.#holdout, holdoutWindow, sample.timestamp, this.#retention);
    return side;
  }

  /** On which side a sample would be; takes it not. */
  sideOf(sample: Sample): Side {
    return this.#split.isHoldout(sample) ? "holdout" : "training";
  }

  /** What is too much or too old for a window goes to the memory of the past. */
  #slide(window: Sample[], limit: number, newest: Date | undefined, past?: ReplayBuffer): void {
    const { maxAgeMs = Number.POSITIVE_INFINITY } = this.#options;
    const oldestMs = newest ? newest.getTime() - maxAgeMs : Number.NEGATIVE_INFINITY;
    const isTooOld = ({ timestamp }: Sample) => timestamp && timestamp.getTime() < oldestMs;
    while (window.length > limit || (window[0] && isTooOld(window[0]))) {
      this.#remember(window.shift()!, past);
    }
  }

  /** Locks what must not be forgotten; when all places are taken, it is kept like any other. */
  #remember(sample: Sample, past: ReplayBuffer | undefined): void {
    const isLocked = this.#locks && this.#options.isLocked?.(sample) === true;
    if (isLocked && past?.add(sample, { locked: true })) return;
    past?.add(sample);
  }

  /**
   * Moves both windows into the memory of the past: what comes now is another world, and neither
   * training nor judging should mix the two.
   */
  startChapter(): void {
    for (const sample of this.#training.splice(0)) this.#remember(sample, this.#replay);
    for (const sample of this.#holdout.splice(0)) this.#remember(sample, this.#retention);
    this.#sinceUpdate = 0;
  }

  /** Whether the training window has filled since the last chapter began. */
  get isFull(): boolean {
    return this.#training.length === this.#options.trainingWindow;
  }

  /** Samples held, in windows and memories. */
  get size(): number {
    const past = (this.#replay?.size ?? 0) + (this.#retention?.size ?? 0);
    return this.#training.length + this.#holdout.length + past;
  }

  /** The samples that train, oldest first. */
  training(): readonly Sample[] {
    return this.#training;
  }

  /** The samples that judge, oldest first. */
  holdout(): readonly Sample[] {
    return this.#holdout;
  }

  /** Held-out samples of the past; nothing before the window has slid. */
  retention(): readonly Sample[] {
    if (!this.#retention) return [];
    const { size, lockedSize } = this.#retention;
    return this.#retention.sample(size + lockedSize, { lockedShare: 1 });
  }

  /** The memory that updates replay from. */
  get replay(): ReplayBuffer | undefined {
    return this.#replay;
  }

  /** Training samples since the last call of `markUpdate`. */
  get sinceUpdate(): number {
    return this.#sinceUpdate;
  }

  /** Starts counting anew. */
  markUpdate(): void {
    this.#sinceUpdate = 0;
  }

  /** Everything held, as JSON. */
  state(): unknown {
    return {
      training: this.#training.map(saveSample),
      holdout: this.#holdout.map(saveSample),
      replay: this.#replay?.state() ?? null,
      retention: this.#retention?.state() ?? null,
      sinceUpdate: this.#sinceUpdate,
    };
  }

  /**
   * Goes on from what `state()` returned on an intake with the same replay and retention
   * capacities; smaller windows keep the newest samples. Throws STATE_INVALID; only sound states
   * change anything.
   */
  restore(state: unknown): void {
    const saved = parseState("Intake", stateSchema, state);
    const training = saved.training.map((sample) => loadSample(sample));
    const holdout = saved.holdout.map((sample) => loadSample(sample));
    const replayBefore = this.#replay?.state();
    restorePast("replay", this.#replay, saved.replay);
    try {
      restorePast("retention", this.#retention, saved.retention);
    } catch (error) {
      if (replayBefore) this.#replay?.restore(replayBefore);
      throw error;
    }
    this.#training.splice(0, this.#training.length, ...training);
    this.#holdout.splice(0, this.#holdout.length, ...holdout);
    this.#sinceUpdate = saved.sinceUpdate;
    this.#slide(this.#training, this.#options.trainingWindow, undefined, this.#replay);
    this.#slide(this.#holdout, this.#options.holdoutWindow, undefined, this.#retention);
  }
}

function nothingToLock(lockedCapacity: number): DriftkeelRangeError {
  return new DriftkeelRangeError(
    "OPTION_INVALID",
    'Expected Intake option "isLocked" to say what is locked, got none with a lockedCapacity of ' +
      `${lockedCapacity}.`,
  );
}

function restorePast(name: string, buffer: ReplayBuffer | undefined, state: unknown): void {
  if ((buffer === undefined) !== (state === null)) {
    throw new DriftkeelRangeError(
      "STATE_INVALID",
      `Expected Intake state "${name}" ${buffer ? "with" : "without"} a memory of the past, got ` +
        `${buffer ? "none" : "one"}; open it with the intake options it was saved with.`,
    );
  }
  buffer?.restore(state);
}
