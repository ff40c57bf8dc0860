// Keeps as many samples of each class as it can: rare classes whole, frequent ones as a uniform
// sample of themselves.

import * as z from "zod/mini";
import type { Random } from "../../core/random.ts";
import { DriftkeelTypeError } from "../../errors.ts";
import { parseState, positiveInteger } from "../../options.ts";
import type { Offer, ReplayStrategy } from "./replay-strategy.ts";

interface ClassCount {
  /** Samples of the class in the buffer. */
  held: number;
  /** Samples of the class ever offered. */
  seen: number;
  /** Whether the class has been the largest at some time since the buffer filled. */
  full: boolean;
}

const classState = z.strictObject({
  class: z.int(),
  seen: positiveInteger,
  full: z.boolean(),
});
const stateSchema = z.object({ classes: z.array(classState) });

/**
 * The class of a label, f32[outputSize]: the index of its largest element, the first of equal ones;
 * for a single output its sign, which tells 0 from 1, -1 from 1, and gains from losses.
 */
function classOf(label: Float32Array): number {
  // 0 and -0 are one class: a Map takes them for the same key.
  if (label.length === 1) return Math.sign(label[0]!);
  let best = 0;
  for (let i = 1; i < label.length; i++) if (label[i]! > label[best]!) best = i;
  return best;
}

/**
 * Class-balancing reservoir sampling, Chrysakis & Moens 2020, algorithm 1: a sample of a class that
 * was never the largest replaces a random one of the largest class (of all of them, when several
 * are equally large); a sample of any other class replaces a random one of its own with probability
 * held / seen of that class. "Ever the largest" counts from the moment the buffer is full, so that
 * the first class to arrive has no privilege.
 */
export class ClassBalanced implements ReplayStrategy {
  readonly #counts = new Map<number, ClassCount>();
  /** The class in each slot. */
  readonly #slots: number[] = [];

  constructor(readonly capacity: number) {}

  place({ label, held, random }: Offer): number | undefined {
    const offered = classOf(label);
    const own = this.#countOf(offered);
    own.seen++;
    const slot = held < this.capacity ? held : this.#slotToReplace(own, random);
    if (slot === undefined) return undefined;
    this.#fill(slot, offered);
    if (this.#slots.length === this.capacity) this.#markFull();
    return slot;
  }

  state(): z.infer<typeof stateSchema> {
    const classes = [...this.#counts].map(([key, { seen, full }]) => ({ class: key, seen, full }));
    return { classes: classes.sort((a, b) => a.class - b.class) };
  }

  restore(state: unknown, labels: readonly Float32Array[]): void {
    const { classes } = parseState("ClassBalanced", stateSchema, state);
    this.#counts.clear();
    this.#slots.length = 0;
    for (const { class: key, ...count } of classes) this.#counts.set(key, { held: 0, ...count });
    for (const [slot, label] of labels.entries()) this.#fill(slot, classOf(label));
    const isConsistent = [...this.#counts.values()].every(({ held, seen }) => held <= seen);
    if (!isConsistent || this.#counts.size !== classes.length) {
      throw new DriftkeelTypeError(
        "STATE_INVALID",
        "Expected ClassBalanced state to count each class once and every held sample as seen.",
      );
    }
  }

  #countOf(key: number): ClassCount {
    const known = this.#counts.get(key);
    if (known) return known;
    const count = { held: 0, seen: 0, full: false };
    this.#counts.set(key, count);
    return count;
  }

  #largest(): number {
    let largest = 0;
    for (const { held } of this.#counts.values()) largest = Math.max(largest, held);
    return largest;
  }

  #markFull(): void {
    const largest = this.#largest();
    for (const count of this.#counts.values()) if (count.held === largest) count.full = true;
  }

  #slotToReplace(own: ClassCount, random: Random): number | undefined {
    if (!own.full) {
      const largest = this.#largest();
      return this.#randomSlot(random, (count) => count.held === largest);
    }
    if (random.uniform() * own.seen >= own.held) return undefined;
    return this.#randomSlot(random, (count) => count === own);
  }

  /** A random slot among those whose class is accepted; there is at least one. */
  #randomSlot(random: Random, accepts: (count: ClassCount) => boolean): number {
    let candidates = 0;
    for (const count of this.#counts.values()) if (accepts(count)) candidates += count.held;
    let left = random.below(candidates);
    return this.#slots.findIndex((key) => accepts(this.#counts.get(key)!) && left-- === 0);
  }

  /** Notes that `slot` now holds a sample of the class `key`. */
  #fill(slot: number, key: number): void {
    const replaced = this.#slots[slot];
    if (replaced !== undefined) this.#countOf(replaced).held--;
    this.#slots[slot] = key;
    this.#countOf(key).held++;
  }
}
