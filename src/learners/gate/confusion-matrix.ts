// Counts right and wrong judgements over the newest decisions, each kind of mistake apart.

import * as z from "zod/mini";
import { parseOptions, parseState } from "../../foundation.ts";

const WINDOW = "an integer from 1 to 1000000";
const window = z.int(WINDOW).check(z.minimum(1, WINDOW), z.maximum(1_000_000, WINDOW));
const optionsSchema = z.strictObject({ window: z._default(window, 1000) });

/** One judgement and what would have been right. */
export interface Judgement {
  allowed: boolean;
  shouldAllow: boolean;
}

/** Judgements as text: one character each, "0" to "3". */
const stateSchema = z.strictObject({
  window,
  newest: z.string().check(z.regex(/^[0-3]*$/, "digits from 0 to 3")),
});

/** The four counts of the newest `window` judgements. */
export class ConfusionMatrix {
  readonly #window: number;
  /** 2 allowed + shouldAllow, in a ring. */
  readonly #ring: Uint8Array;
  readonly #counts = [0, 0, 0, 0];
  #recorded = 0;

  /** window: 1..10^6, default 1000. Throws OPTION_INVALID, OPTION_UNKNOWN. */
  constructor(options?: { window?: number }) {
    this.#window = parseOptions("ConfusionMatrix", optionsSchema, options).window;
    this.#ring = new Uint8Array(this.#window);
  }

  /** Takes one judgement; the oldest leaves a full window. */
  record({ allowed, shouldAllow }: Judgement): void {
    this.#add(2 * Number(allowed) + Number(shouldAllow));
  }

  #add(kind: number): void {
    const slot = this.#recorded % this.#window;
    if (this.#recorded >= this.#window) this.#counts[this.#ring[slot]!]!--;
    this.#ring[slot] = kind;
    this.#counts[kind]!++;
    this.#recorded++;
  }

  /** Blocked, rightly. */
  get trueBlock(): number {
    return this.#counts[0]!;
  }

  /** Blocked, wrongly. */
  get falseBlock(): number {
    return this.#counts[1]!;
  }

  /** Allowed, wrongly. */
  get falseAllow(): number {
    return this.#counts[2]!;
  }

  /** Allowed, rightly. */
  get trueAllow(): number {
    return this.#counts[3]!;
  }

  /** Judgements in the window. */
  get total(): number {
    return Math.min(this.#recorded, this.#window);
  }

  /** Part of the judgements that were right; NaN without any. */
  get agreement(): number {
    return (this.trueAllow + this.trueBlock) / this.total;
  }

  /** Mean of the parts rightly allowed and rightly blocked; NaN until both kinds came. */
  get balancedAccuracy(): number {
    const allowed = this.trueAllow / (this.trueAllow + this.falseBlock);
    const blocked = this.trueBlock / (this.trueBlock + this.falseAllow);
    return (allowed + blocked) / 2;
  }

  /** Forgets everything. */
  clear(): void {
    this.#recorded = 0;
    this.#counts.fill(0);
  }

  /** The window, as JSON. */
  state(): unknown {
    const kinds = Array.from({ length: this.total }, (_, index) => {
      return this.#ring[(this.#recorded - this.total + index) % this.#window];
    });
    return { window: this.#window, newest: kinds.join("") };
  }

  /** Takes what `state()` gave; a smaller window keeps the newest. Throws STATE_INVALID. */
  restore(state: unknown): void {
    const { newest } = parseState("ConfusionMatrix", stateSchema, state);
    this.clear();
    for (const kind of newest) this.#add(Number(kind));
  }
}
