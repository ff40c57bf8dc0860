// A bounded memory of past samples, mixed into every update so that old behaviour survives the new.

import * as z from "zod/mini";
import { Random } from "../../core/random.ts";
import { describeValue } from "../../describe-value.ts";
import { DriftkeelRangeError, DriftkeelTypeError } from "../../errors.ts";
import type { Sample } from "../../model/sample.ts";
import {
  nonNegativeInteger,
  parseOptions,
  parseState,
  positiveInteger,
  seed,
  share,
} from "../../options.ts";
import { ClassBalanced } from "./class-balanced.ts";
import { LockedStore } from "./locked-store.ts";
import type { ReplayStrategy } from "./replay-strategy.ts";
import { Reservoir } from "./reservoir.ts";
import { Ring } from "./ring.ts";
import { copySample, duplicateSample, type SampleShape } from "./sample-copy.ts";
import { loadSample, savedSample, saveSample } from "./saved-sample.ts";

const STRATEGIES = {
  reservoir: Reservoir,
  ring: Ring,
  "class-balanced": ClassBalanced,
} satisfies Record<string, new (capacity: number) => ReplayStrategy>;

type StrategyName = keyof typeof STRATEGIES;

/** A Map, which indexes the locked samples and a draw, ends at 2^24 entries. */
const MAX_CAPACITY = 10_000_000;
const CAPACITY = `at most ${MAX_CAPACITY}`;

const strategyNames = z.enum(Object.keys(STRATEGIES) as [StrategyName]);
const optionsSchema = z.object({
  capacity: positiveInteger.check(z.maximum(MAX_CAPACITY, CAPACITY)),
  lockedCapacity: z._default(nonNegativeInteger.check(z.maximum(MAX_CAPACITY, CAPACITY)), 0),
  seed: z._default(seed, 0),
  strategy: z._default(strategyNames, "reservoir"),
});
const addSchema = z.object({ locked: z._default(z.boolean(), false) });
const sampleSchema = z.object({ lockedShare: z._default(share, 0.25) });
const stateSchema = z.object({
  strategy: strategyNames,
  capacity: positiveInteger,
  lockedCapacity: nonNegativeInteger,
  seen: nonNegativeInteger,
  random: z.unknown(),
  placement: z.unknown(),
  ordinary: z.array(savedSample),
  locked: z.array(z.strictObject({ sample: savedSample, times: positiveInteger })),
});

export interface ReplayBufferOptions {
  /** Ordinary samples held at most: 1..10^7. */
  capacity: number;
  /**
   * Locked samples held at most, beside the ordinary ones: 0..10^7, default 0, which allows no
   * locking.
   */
  lockedCapacity?: number;
  /** Seed of every random choice: u32, default 0. */
  seed?: number;
  /**
   * Which ordinary samples stay when there are more than `capacity`: `reservoir` (default), a
   * uniform sample of all; `ring`, the latest; `class-balanced`, as many of each class as possible.
   */
  strategy?: StrategyName;
}

/** What `state` returns and `restore` takes; survives JSON. */
export type ReplayBufferState = z.infer<typeof stateSchema>;

/**
 * Ordinary samples under a replacement strategy, and locked ones that stay until `clear`. All
 * samples have the lengths of the first. Memory is bounded by (capacity + lockedCapacity) samples.
 * Nothing is shared with the caller: samples are copied on their way in and on their way out.
 */
export class ReplayBuffer {
  readonly #options: z.output<typeof optionsSchema>;
  #random: Random;
  #strategy: ReplayStrategy;
  #ordinary: Sample[] = [];
  #locked: LockedStore;
  #seen = 0;

  /** Throws OPTION_INVALID, OPTION_UNKNOWN. */
  constructor(options: ReplayBufferOptions) {
    this.#options = parseOptions("ReplayBuffer", optionsSchema, options);
    this.#random = new Random(this.#options.seed);
    this.#strategy = this.#emptyStrategy();
    this.#locked = new LockedStore(this.#options.lockedCapacity);
  }

  /** Ordinary samples held: 0..capacity. */
  get size(): number {
    return this.#ordinary.length;
  }

  /** Different locked samples held: 0..lockedCapacity. */
  get lockedSize(): number {
    return this.#locked.size;
  }

  /** Ordinary samples offered since the start or the last `clear`, kept or not. */
  get seen(): number {
    return this.#seen;
  }

  /** Bytes of the arrays held. */
  get memoryBytes(): number {
    const shape = this.#shape();
    return shape ? 4 * (shape.input + shape.label) * (this.size + this.lockedSize) : 0;
  }

  /**
   * Offers a sample and says whether it is held now. An ordinary one may be turned away by the
   * strategy. A locked one is turned away only when `lockedCapacity` different ones are locked; a
   * repeat of a locked content is counted, keeps one place, and may raise the weight. Whatever
   * throws leaves the buffer as it was.
   *
   * Throws ARGUMENT_TYPE, ARGUMENT_RANGE, LENGTH_MISMATCH, DATA_EMPTY, VALUE_NOT_FINITE,
   * SAMPLE_QUARANTINED (origin `benchmark`), OPTION_INVALID, OPTION_UNKNOWN.
   */
  add(sample: Sample, options?: { locked?: boolean }): boolean {
    const { locked } = parseOptions("ReplayBuffer.add", addSchema, options);
    if (locked && this.#options.lockedCapacity === 0) {
      throw new DriftkeelRangeError(
        "OPTION_INVALID",
        "Expected a ReplayBuffer with lockedCapacity > 0 to lock a sample in, " +
          "got lockedCapacity 0; set the option.",
      );
    }
    const copy = copySample(sample, this.#shape());
    if (locked) return this.#locked.add(copy);

    this.#seen++;
    const slot = this.#strategy.place({
      label: copy.label,
      held: this.#ordinary.length,
      seen: this.#seen,
      random: this.#random,
    });
    if (slot === undefined) return false;
    this.#ordinary[slot] = copy;
    return true;
  }

  /**
   * How often the content (input and label) of `sample` was locked; 0 when it is not held locked.
   */
  timesLocked(sample: Sample): number {
    return this.#locked.find(copySample(sample))?.times ?? 0;
  }

  /**
   * Copies of different held samples, each of a kind equally likely, in random order within the
   * kind: at most floor(lockedShare * count) locked ones, and before them ordinary ones up to
   * `count` in all. Too few ordinary ones make the result shorter: locked ones do not fill the gap.
   * count: 0 or more.
   *
   * Throws ARGUMENT_TYPE, ARGUMENT_RANGE, OPTION_INVALID, OPTION_UNKNOWN.
   */
  sample(count: number, options?: { lockedShare?: number }): Sample[] {
    const { lockedShare } = parseOptions("ReplayBuffer.sample", sampleSchema, options);
    checkCount(count);
    const lockedCount = Math.min(Math.floor(lockedShare * count), this.#locked.size);
    const ordinaryCount = Math.min(count - lockedCount, this.#ordinary.length);
    const ordinary = draw(this.#random, this.#ordinary.length, ordinaryCount);
    const locked = draw(this.#random, this.#locked.size, lockedCount);
    return [
      ...ordinary.map((slot) => duplicateSample(this.#ordinary[slot]!)),
      ...locked.map((index) => duplicateSample(this.#locked.entries[index]!.sample)),
    ];
  }

  /** Forgets every sample, their lengths and all counts. The generator goes on. */
  clear(): void {
    this.#ordinary = [];
    this.#locked = new LockedStore(this.#options.lockedCapacity);
    this.#strategy = this.#emptyStrategy();
    this.#seen = 0;
  }

  /** Where the generator of all choices stands, as JSON. */
  cursor(): unknown {
    return this.#random.state();
  }

  /** Draws from now on as after `cursor()`; what is held stays. Throws STATE_INVALID. */
  seek(cursor: unknown): void {
    this.#random.restore(cursor);
  }

  /**
   * Everything held and the generator: a buffer restored from it behaves as this one from now on.
   */
  state(): ReplayBufferState {
    const { strategy, capacity, lockedCapacity } = this.#options;
    return {
      strategy,
      capacity,
      lockedCapacity,
      seen: this.#seen,
      random: this.#random.state(),
      placement: this.#strategy.state(),
      ordinary: this.#ordinary.map(saveSample),
      locked: this.#locked.entries.map(({ sample, times }) => ({
        sample: saveSample(sample),
        times,
      })),
    };
  }

  /**
   * Takes over what `state` returned on a buffer with the same strategy and capacities. Throws
   * STATE_INVALID and changes nothing when it is anything else.
   */
  restore(state: unknown): void {
    const saved = parseState("ReplayBuffer", stateSchema, state);
    this.#checkSameOptions(saved);
    checkConsistent(
      saved.ordinary.length === Math.min(saved.seen, saved.capacity),
      "as many samples as were seen, up to its capacity",
    );
    const random = Random.fromState(saved.random);
    const first = saved.ordinary[0] ?? saved.locked[0]?.sample;
    const shape = first && shapeOf(loadSample(first));
    const ordinary = saved.ordinary.map((sample) => loadSample(sample, shape));
    const locked = new LockedStore(saved.lockedCapacity);
    for (const { sample, times } of saved.locked) locked.add(loadSample(sample, shape), times);
    checkConsistent(locked.size === saved.locked.length, "different locked samples in their limit");
    const strategy = this.#emptyStrategy();
    strategy.restore(
      saved.placement,
      ordinary.map((sample) => sample.label),
    );

    this.#random = random;
    this.#strategy = strategy;
    this.#ordinary = ordinary;
    this.#locked = locked;
    this.#seen = saved.seen;
  }

  #emptyStrategy(): ReplayStrategy {
    return new STRATEGIES[this.#options.strategy](this.#options.capacity);
  }

  #shape(): SampleShape | undefined {
    const first = this.#ordinary[0] ?? this.#locked.entries[0]?.sample;
    return first && shapeOf(first);
  }

  #checkSameOptions(saved: ReplayBufferState): void {
    for (const name of ["strategy", "capacity", "lockedCapacity"] as const) {
      if (saved[name] === this.#options[name]) continue;
      throw new DriftkeelTypeError(
        "STATE_INVALID",
        `Expected the state of a ReplayBuffer with ${name} ${this.#options[name]}, ` +
          `got ${saved[name]}; restore it into a buffer with the options of the saved one.`,
      );
    }
  }
}

function shapeOf(sample: Sample): SampleShape {
  return { input: sample.input.length, label: sample.label.length };
}

function checkConsistent(holds: boolean, expected: string): void {
  if (holds) return;
  throw new DriftkeelTypeError(
    "STATE_INVALID",
    `Expected ReplayBuffer state to hold ${expected}; restore what ReplayBuffer.state() returned.`,
  );
}

function checkCount(count: unknown): void {
  if (Number.isSafeInteger(count) && (count as number) >= 0) return;
  const message = `Expected count to be an integer >= 0, got ${describeValue(count)}.`;
  if (typeof count === "number") throw new DriftkeelRangeError("ARGUMENT_RANGE", message);
  throw new DriftkeelTypeError("ARGUMENT_TYPE", message);
}

/**
 * `count` different numbers of 0..n-1 in random order: the first steps of a Fisher-Yates shuffle.
 */
function draw(random: Random, n: number, count: number): number[] {
  // Holds only the places that a swap has changed, so that a small draw costs nothing of n.
  const moved = new Map<number, number>();
  const drawn: number[] = [];
  for (let i = 0; i < count; i++) {
    const j = i + random.below(n - i);
    drawn.push(moved.get(j) ?? j);
    moved.set(j, moved.get(i) ?? i);
  }
  return drawn;
}
