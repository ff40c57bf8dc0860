// How well the gate has judged lately, and which mistakes were made: everything it keeps beside the
// model.

import * as z from "zod/mini";
import { parseState } from "../../foundation.ts";
import type { CalibrationSample } from "./calibration.ts";
import { ConfusionMatrix } from "./confusion-matrix.ts";
import { Convergence } from "./convergence.ts";
import { LEANS_TO_ALLOW } from "./gate-options.ts";
import { Mistakes } from "./mistakes.ts";

const stateSchema = z.strictObject({
  confusion: z.unknown(),
  convergence: z.unknown(),
  mistakes: z.unknown(),
  probabilities: z.array(z.number().check(z.minimum(0), z.maximum(1))),
  should_allow: z.string().check(z.regex(/^[01]*$/, "digits 0 and 1")),
});

/** Judgements on live signals, each made before its signal was learned. */
export class Scoreboard {
  readonly confusion: ConfusionMatrix;
  readonly convergence: Convergence;
  readonly mistakes = new Mistakes();
  readonly #window: number;
  readonly #recent: CalibrationSample[] = [];

  /** Throws OPTION_INVALID. */
  constructor({ window, target }: { window: number; target: number }) {
    this.#window = window;
    this.confusion = new ConfusionMatrix({ window });
    this.convergence = new Convergence({ window, target });
  }

  /** Takes the model's probability of allow and what would have been right. */
  record(sample: CalibrationSample): void {
    const { probability, shouldAllow } = sample;
    const judgement = { allowed: probability >= LEANS_TO_ALLOW, shouldAllow };
    this.confusion.record(judgement);
    this.convergence.record(judgement);
    if (Number.isNaN(probability)) return;
    this.#recent.push({ probability, shouldAllow });
    if (this.#recent.length > this.#window) this.#recent.shift();
  }

  /** The newest judgements, oldest first, for calibration. */
  recent(): readonly CalibrationSample[] {
    return this.#recent;
  }

  /** Everything, as JSON. */
  state(): unknown {
    return {
      confusion: this.confusion.state(),
      convergence: this.convergence.state(),
      mistakes: this.mistakes.state(),
      probabilities: this.#recent.map(({ probability }) => probability),
      should_allow: this.#recent.map(({ shouldAllow }) => Number(shouldAllow)).join(""),
    };
  }

  /** Takes what `state()` gave; a smaller window keeps the newest. Throws STATE_INVALID. */
  restore(state: unknown): void {
    const saved = parseState("Scoreboard", stateSchema, state);
    this.confusion.restore(saved.confusion);
    this.convergence.restore(saved.convergence);
    this.mistakes.restore(saved.mistakes);
    const samples = saved.probabilities.map((probability, index) => ({
      probability,
      shouldAllow: saved.should_allow[index] === "1",
    }));
    this.#recent.splice(0, this.#recent.length, ...samples.slice(-this.#window));
  }
}
