// Drift by a Kolmogorov-Smirnov test of the latest values against a draw from those before them.

import * as z from "zod/mini";
import { Random } from "../../core/random.ts";
import { DriftkeelRangeError } from "../../errors.ts";
import { nonNegativeInteger, positiveInteger, seed } from "../../options.ts";
import { probability } from "./detector-options.ts";
import { checkReal, valueSchema } from "./detector-values.ts";
import type { DriftState } from "./drift-detector.ts";
import { chanceOfGap, criticalGap, largestGap } from "./kolmogorov-smirnov.ts";
import { ResettingDetector } from "./resetting-detector.ts";

const WINDOW = "an integer from 2 to 100000";

const optionsSchema = z
  .strictObject({
    alpha: z._default(probability, 0.005),
    windowSize: z._default(
      positiveInteger.check(z.minimum(2, WINDOW), z.maximum(100_000, WINDOW)),
      100,
    ),
    statSize: z._default(positiveInteger, 30),
    seed: z._default(seed, 0),
  })
  .check(({ value: { windowSize, statSize }, issues }) => {
    if (2 * statSize <= windowSize) return;
    const message = "at most half of windowSize";
    issues.push({ code: "custom", path: ["statSize"], message, input: statSize });
  });

const memorySchema = z.object({
  /** The last values, oldest first. */
  window: z.array(valueSchema),
  random: z.strictObject({ words: z.array(z.number()), spare: z.nullable(z.number()) }),
  /** statSize times the distance of the last test; 0 before one. */
  gap: nonNegativeInteger,
});

type Memory = z.output<typeof memorySchema>;

export interface KswinOptions {
  /** Chance of a false drift per value: 1e-100 to below 1; default 0.005. */
  alpha?: number;
  /** Values in the window: 2..10^5; default 100. */
  windowSize?: number;
  /**
   * Latest values that are tested, and values drawn from the others: > 0, at most half of
   * windowSize; default 30.
   */
  statSize?: number;
  /** Of the draws: u32, default 0. A reset starts the same draws again. */
  seed?: number;
}

/**
 * Once the window is full, compares at each value the latest `statSize` values with as many drawn
 * without replacement from the windowSize - statSize before them:
 *
 *     drift: P(distance of two samples of one distribution >= sup |F latest - F drawn|) <= alpha
 *
 * No warning. O(windowSize + statSize log statSize) per value. Takes |value| <= 1e100. It tests at
 * every value, so false alarms come about once in some multiple of 1 / alpha values: choose alpha
 * by the length of the stream.
 *
 * The one detector here that also sees changes of spread and shape, on any scale. `Adwin` is
 * cheaper and more sensitive where only the mean moves.
 *
 * Raab, Heusinger & Schleif 2020. They compare the distance with sqrt(-ln(alpha) / statSize); we
 * use the exact distribution, which holds the level alpha at every size.
 */
export class Kswin extends ResettingDetector<typeof optionsSchema, typeof memorySchema> {
  readonly #criticalGap: number;

  /** Throws OPTION_INVALID, OPTION_UNKNOWN. */
  constructor(options?: KswinOptions) {
    const schemas = { options: optionsSchema, memory: memorySchema };
    super({ name: "Kswin", ...schemas, check: checkReal }, options);
    const { statSize, alpha } = this.options;
    this.#criticalGap = criticalGap(statSize, alpha);
    if (this.#criticalGap > statSize) {
      throw new DriftkeelRangeError(
        "OPTION_INVALID",
        `Expected Kswin option "statSize" to be large enough to reach alpha ${alpha}, got ` +
          `${statSize}: samples without a common value still have the chance ` +
          `${chanceOfGap(statSize, statSize)}. Raise statSize or alpha.`,
      );
    }
  }

  protected override begin(): Memory {
    return { window: [], random: new Random(this.options.seed).state(), gap: 0 };
  }

  protected override take(value: number, memory: Memory): DriftState {
    const { windowSize, statSize } = this.options;
    const { window } = memory;
    window.push(value);
    if (window.length > windowSize) window.shift();
    if (window.length < windowSize) return "stable";
    const latest = Float64Array.from(window.slice(-statSize));
    memory.gap = largestGap(latest, this.#draw(memory));
    return memory.gap >= this.#criticalGap ? "drift" : "stable";
  }

  /** statSize of the values before the latest, each subset equally likely (Fisher-Yates). */
  #draw(memory: Memory): Float64Array {
    const { statSize } = this.options;
    const random = Random.fromState(memory.random);
    const values = Float64Array.from(memory.window.slice(0, -statSize));
    for (let i = 0; i < statSize; i++) {
      const j = i + random.below(values.length - i);
      const drawn = values[j]!;
      values[j] = values[i]!;
      values[i] = drawn;
    }
    memory.random = random.state();
    return values.slice(0, statSize);
  }

  protected override isPossible({ window, random, gap }: Memory): boolean {
    // It throws STATE_INVALID itself.
    Random.fromState(random);
    return window.length <= this.options.windowSize && gap <= this.options.statSize;
  }

  /** Values in the window, distance of the last test and its chance (0 and 1 before one). */
  protected override measure({ window, gap }: Memory): Record<string, number> {
    const { statSize } = this.options;
    const chance = chanceOfGap(statSize, gap);
    return { size: window.length, distance: gap / statSize, chance };
  }
}
