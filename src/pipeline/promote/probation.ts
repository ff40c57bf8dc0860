// Watches a promoted model beside the one it replaced, and says when to go back.

import * as z from "zod/mini";
import { type Clock, clock, millisecondsOf } from "../../clock.ts";
import { describeValue } from "../../describe-value.ts";
import { DriftkeelRangeError, DriftkeelTypeError } from "../../errors.ts";
import {
  nonNegativeInteger,
  parseOptions,
  parseState,
  positiveInteger,
  positiveNumber,
} from "../../options.ts";
import { risesAtMost } from "../../statistics/rises-at-most.ts";
import { Evidence, evidenceState } from "./evidence.ts";

const LEVEL = "a number from 0.000001 to 0.5";
const optionsSchema = z.strictObject({
  level: z._default(z.number(LEVEL).check(z.minimum(1e-6, LEVEL), z.maximum(0.5, LEVEL)), 0.05),
  minSamples: z._default(positiveInteger, 200),
  maxSamples: z.optional(positiveInteger),
  maxDurationMs: z.optional(positiveNumber),
  input: z._default(z.enum(["loss", "pnl"]), "loss"),
  bound: z.optional(positiveNumber),
  now: clock,
});

const outcomes = ["running", "passed", "rolled-back", "inconclusive"] as const;

/**
 * `rolled-back`: the candidate is worse. `inconclusive`: time ran out before anything was settled;
 * the candidate stays, and that is to be reported.
 */
export type ProbationOutcome = (typeof outcomes)[number];

const stateSchema = z.object({
  options: z.record(z.string(), z.unknown()),
  outcome: z.enum(outcomes),
  reason: z.string(),
  startMs: z.nullable(z.number()),
  samples: nonNegativeInteger,
  skipped: nonNegativeInteger,
  meanDifference: z.number(),
  evidence: evidenceState,
});

export interface ProbationOptions {
  /** Chance of rolling back a candidate that is not worse: 1e-6..0.5, default 0.05. */
  level?: number;
  /** Samples before it can pass, > 0; default 200. */
  minSamples?: number;
  /** Samples, skipped ones included, after which it ends; default 4 x minSamples. */
  maxSamples?: number;
  /** Milliseconds from construction after which it ends; default none. */
  maxDurationMs?: number;
  /** What is compared. `loss` (default): lower is better; `pnl`: higher is better. */
  input?: "loss" | "pnl";
  /** Largest possible |difference|, where it is known: 1 for 0/1 losses. See `Evidence`. */
  bound?: number;
  /** The clock, as a Date or in milliseconds since 1970; default the system's. */
  now?: Clock;
}

/**
 * A sequential test on the paired differences of the candidate and the previous model, looked at
 * after every sample:
 *
 * - `rolled-back` as soon as the evidence that the candidate is worse reaches 1 / level. If it is
 *   not worse, this happens with probability at most `level` over the whole probation, whenever one
 *   stops. `Evidence` says what that means, derives it, and names what it assumes. A candidate that
 *   gives NaN or an infinity where the previous model gives a number is rolled back at once;
 * - `passed` from `minSamples` on, as soon as the evidence is at most 1: nothing speaks against it;
 * - `inconclusive` after `maxSamples` or `maxDurationMs` with evidence in between.
 *
 * Once it has ended the outcome stays and further samples change nothing. Memory is constant.
 */
export class Probation {
  readonly #options: z.output<typeof optionsSchema>;
  readonly #maxSamples: number;
  readonly #evidence: Evidence;
  /** Only with maxDurationMs: a clock that decides nothing is not asked. */
  #startMs: number | undefined;
  #outcome: ProbationOutcome = "running";
  #reason = "no sample yet";
  #samples = 0;
  #skipped = 0;
  #meanDifference = 0;

  /** Throws OPTION_INVALID, OPTION_UNKNOWN. */
  constructor(options?: ProbationOptions) {
    this.#options = parseOptions("Probation", optionsSchema, options);
    const { minSamples, maxSamples = 4 * minSamples, maxDurationMs, bound } = this.#options;
    if (maxSamples < minSamples) {
      throw new DriftkeelRangeError(
        "OPTION_INVALID",
        `Expected Probation option "maxSamples" to be at least minSamples (${minSamples}), ` +
          `got ${maxSamples}.`,
      );
    }
    this.#maxSamples = maxSamples;
    this.#evidence = new Evidence(bound);
    if (maxDurationMs !== undefined) this.#startMs = this.#nowMs();
  }

  /** How it stands. */
  get outcome(): ProbationOutcome {
    return this.#outcome;
  }

  /** Why, in words. */
  get reason(): string {
    return this.#reason;
  }

  /** Above 0 the mean difference says that the candidate is worse; the evidence says how surely. */
  get measurements(): Readonly<Record<string, number>> {
    return {
      samples: this.#samples,
      skipped: this.#skipped,
      meanDifference: this.#meanDifference,
      evidence: this.#evidence.value,
      evidenceNeeded: 1 / this.#options.level,
    };
  }

  /**
   * Takes the loss (or P&L) of both models on the same live sample. A sample on which the previous
   * model gives no finite number is skipped: it compares nothing.
   *
   * Throws ARGUMENT_TYPE, and ARGUMENT_RANGE for a difference beyond `bound`; nothing has changed
   * then.
   */
  observe(previous: number, candidate: number): ProbationOutcome {
    checkIsNumber("previous", previous);
    checkIsNumber("candidate", candidate);
    if (this.#outcome !== "running") return this.#outcome;
    if (!Number.isFinite(previous)) this.#skipped++;
    else if (!Number.isFinite(candidate)) {
      return this.#end("rolled-back", `the candidate gave ${candidate}, the previous ${previous}`);
    } else this.#compare(previous, candidate);
    return this.#judge();
  }

  /** Ends a probation whose time is up, for when no samples come. */
  checkTime(): ProbationOutcome {
    const { maxDurationMs } = this.#options;
    if (this.#outcome !== "running" || maxDurationMs === undefined) return this.#outcome;
    const elapsedMs = this.#nowMs() - this.#startMs!;
    if (elapsedMs < maxDurationMs) return this.#outcome;
    return this.#end("inconclusive", `${maxDurationMs} ms are over; ${this.#text()}`);
  }

  #compare(previous: number, candidate: number): void {
    const { input, bound } = this.#options;
    const raw = input === "loss" ? candidate - previous : previous - candidate;
    const difference = Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, raw));
    if (bound !== undefined && !risesAtMost(0, Math.abs(difference), bound)) {
      throw new DriftkeelRangeError(
        "ARGUMENT_RANGE",
        `Expected a difference of at most ${bound} (the option bound), got ${difference}. Give a ` +
          "bound that holds for every sample, or none.",
      );
    }
    this.#evidence.add(difference);
    this.#samples++;
    this.#meanDifference += (difference - this.#meanDifference) / this.#samples;
  }

  #judge(): ProbationOutcome {
    const { level, minSamples } = this.#options;
    const evidence = this.#evidence.value;
    this.#reason = this.#text();
    if (evidence >= 1 / level) return this.#end("rolled-back", this.#reason);
    if (this.#samples >= minSamples && evidence <= 1) return this.#end("passed", this.#reason);
    if (this.#samples + this.#skipped < this.#maxSamples) return this.checkTime();
    return this.#end("inconclusive", `${this.#maxSamples} samples are over; ${this.#reason}`);
  }

  #text(): string {
    const evidence = this.#evidence.value.toPrecision(4);
    return (
      `evidence ${evidence} that the candidate is worse, of ${1 / this.#options.level} ` +
      `needed to roll back, after ${this.#samples} samples`
    );
  }

  #end(outcome: ProbationOutcome, reason: string): ProbationOutcome {
    this.#outcome = outcome;
    this.#reason = reason;
    return outcome;
  }

  #nowMs(): number {
    return millisecondsOf("now()", this.#options.now());
  }

  /** Everything that decides later outcomes, as JSON. */
  state(): unknown {
    return {
      options: this.#savedOptions(),
      outcome: this.#outcome,
      reason: this.#reason,
      startMs: this.#startMs ?? null,
      samples: this.#samples,
      skipped: this.#skipped,
      meanDifference: this.#meanDifference,
      evidence: this.#evidence.state(),
    };
  }

  /** Continues from what `state()` returned. Throws STATE_INVALID and changes nothing otherwise. */
  restore(state: unknown): void {
    const saved = parseState("Probation", stateSchema, state);
    this.#checkSameOptions(saved.options);
    if ((saved.startMs !== null) !== (this.#startMs !== undefined)) {
      throw new DriftkeelRangeError(
        "STATE_INVALID",
        `Expected a Probation state with startMs exactly with maxDurationMs, got ${saved.startMs}` +
          "; restore what Probation.state() returned.",
      );
    }
    this.#evidence.restore(saved.evidence);
    this.#outcome = saved.outcome;
    this.#reason = saved.reason;
    this.#startMs = saved.startMs ?? undefined;
    this.#samples = saved.samples;
    this.#skipped = saved.skipped;
    this.#meanDifference = saved.meanDifference;
  }

  #checkSameOptions(saved: Record<string, unknown>): void {
    const own = this.#savedOptions();
    const names = new Set([...Object.keys(own), ...Object.keys(saved)]);
    const other = [...names].find((option) => saved[option] !== own[option]);
    if (other === undefined) return;
    throw new DriftkeelRangeError(
      "STATE_INVALID",
      `Expected the state of a Probation with options ${JSON.stringify(own)}, got one with ` +
        `${describeValue(other)} being ${describeValue(saved[other])}. Construct it with the ` +
        "options it was saved with.",
    );
  }

  /** The options that decide. */
  #savedOptions(): Record<string, unknown> {
    const { level, minSamples, maxDurationMs = null, input, bound = null } = this.#options;
    return { level, minSamples, maxSamples: this.#maxSamples, maxDurationMs, input, bound };
  }
}

/** NaN and infinities are data here. */
function checkIsNumber(name: string, value: unknown): void {
  if (typeof value === "number") return;
  throw new DriftkeelTypeError(
    "ARGUMENT_TYPE",
    `Expected ${name} to be a number, got ${describeValue(value)}.`,
  );
}
