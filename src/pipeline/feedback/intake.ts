// Where samples go: into the window that trains, the window that judges, or the memory of the past.

import * as z from "zod";
import type { Sample } from "../../model/sample.ts";
import { nonNegativeInteger, parseOptions, positiveInteger, seed, share } from "../../options.ts";
import { HoldoutSplit } from "./holdout-split.ts";
import { ReplayBuffer } from "./replay-buffer.ts";

export interface IntakeOptions {
  /** Newest training samples, which an update trains on: 1..10^6, default 512. */
  trainingWindow?: number;
  /** Newest held-out samples, which judge: 1..10^6, default 256. */
  holdoutWindow?: number;
  /** Part of all samples that is held out, decided once by content; default 0.2. */
  holdoutFraction?: number;
  /** Older training samples kept for replay, 0 for none; default 2048. */
  replayCapacity?: number;
  /** Older held-out samples kept to see what is forgotten, 0 for none; default 256. */
  retentionCapacity?: number;
  /** Default 0. */
  seed?: number;
}

const LARGEST = 1_000_000;
const window = positiveInteger.max(LARGEST, `an integer from 1 to ${LARGEST}`);
const capacity = nonNegativeInteger.max(LARGEST, `an integer from 0 to ${LARGEST}`);

const intakeOptions = z.strictObject({
  trainingWindow: window.default(512),
  holdoutWindow: window.default(256),
  holdoutFraction: share.default(0.2),
  replayCapacity: capacity.default(2048),
  retentionCapacity: capacity.default(256),
  seed: seed.default(0),
});

/** Which side a sample is on. */
export type Side = "training" | "holdout";

/** Sorts samples and forgets in order; every window has a limit. Samples are copied. */
export class Intake {
  readonly #options: z.output<typeof intakeOptions>;
  readonly #split: HoldoutSplit;
  readonly #training: Sample[] = [];
  readonly #holdout: Sample[] = [];
  readonly #replay: ReplayBuffer | undefined;
  readonly #retention: ReplayBuffer | undefined;
  #sinceUpdate = 0;

  /** Throws OPTION_INVALID, OPTION_UNKNOWN. */
  constructor(options?: IntakeOptions) {
    const parsed = parseOptions("Intake", intakeOptions, options);
    const { holdoutFraction, replayCapacity, retentionCapacity } = parsed;
    this.#options = parsed;
    this.#split = new HoldoutSplit({ fraction: holdoutFraction, seed: parsed.seed });
    const past = (capacity: number) =>
      capacity > 0 ? new ReplayBuffer({ capacity, seed: parsed.seed }) : undefined;
    this.#replay = past(replayCapacity);
    this.#retention = past(retentionCapacity);
  }

  /** Takes a sample that has been checked, and says on which side it is from now on. */
  accept(sample: Sample): Side {
    const copy = { ...sample, input: sample.input.slice(), label: sample.label.slice() };
    if (this.#split.isHoldout(copy)) {
      slide(this.#holdout, copy, this.#options.holdoutWindow, this.#retention);
      return "holdout";
    }
    slide(this.#training, copy, this.#options.trainingWindow, this.#replay);
    this.#sinceUpdate++;
    return "training";
  }

  /**
   * Moves both windows into the memory of the past: what comes now is another world, and neither
   * training nor judging should mix the two.
   */
  startChapter(): void {
    for (const sample of this.#training.splice(0)) this.#replay?.add(sample);
    for (const sample of this.#holdout.splice(0)) this.#retention?.add(sample);
    this.#sinceUpdate = 0;
  }

  /** Whether the training window has filled since the last chapter began. */
  get isFull(): boolean {
    return this.#training.length === this.#options.trainingWindow;
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
    return this.#retention ? this.#retention.sample(this.#retention.size) : [];
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
}

/** Appends to a window of bounded length; what falls out goes to the memory of the past. */
function slide(window: Sample[], sample: Sample, limit: number, past?: ReplayBuffer): void {
  window.push(sample);
  if (window.length <= limit) return;
  const oldest = window.shift()!;
  past?.add(oldest);
}
