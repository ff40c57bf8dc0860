// What follows a rollback: no updates for a while, then careful ones.

import * as z from "zod/mini";
import { checkNumber } from "../../checks.ts";
import { type Clock, clock, millisecondsOf } from "../../clock.ts";
import { DriftkeelError, DriftkeelRangeError } from "../../errors.ts";
import {
  finiteNumber,
  nonNegativeInteger,
  nonNegativeNumber,
  parseOptions,
  parseState,
  positiveInteger,
} from "../../options.ts";

const HOUR_MS = 3_600_000;
const optionsSchema = z.strictObject({
  coolOffMs: z._default(nonNegativeNumber, HOUR_MS),
  recoverAfter: z._default(positiveInteger, 3),
  now: clock,
});

const modes = ["normal", "frozen", "recovering"] as const;

const stateSchema = z.strictObject({
  mode: z.enum(modes),
  frozenAtMs: z.nullable(finiteNumber),
  accepted: nonNegativeInteger,
});

/** `frozen`: no updates. `recovering`: careful ones. */
export type SafeModeState = (typeof modes)[number];

export interface SafeModeOptions {
  /** Milliseconds without updates after a rollback, >= 0; default one hour. */
  coolOffMs?: number;
  /** Accepted updates that lead back to normal, > 0; default 3. */
  recoverAfter?: number;
  /** The clock, as a Date or in milliseconds since 1970; default the system's. */
  now?: Clock;
}

/** What an update takes from the safe mode. */
export interface UpdateStrength {
  lr: number;
  /** Of EWC. */
  lambda: number;
}

/**
 * normal -> frozen (`enter`, after a rollback) -> recovering (after the cool-off, or `clear` by an
 * operator) -> normal (after `recoverAfter` accepted updates). While recovering, updates use half
 * of the learning rate and twice the lambda. Another rollback freezes again and starts the count
 * anew.
 */
export class SafeMode {
  readonly #options: z.output<typeof optionsSchema>;
  #mode: SafeModeState = "normal";
  #frozenAtMs: number | undefined;
  #accepted = 0;

  /** Throws OPTION_INVALID, OPTION_UNKNOWN. */
  constructor(options?: SafeModeOptions) {
    this.#options = parseOptions("SafeMode", optionsSchema, options);
  }

  /** Where it stands now; asks the clock while frozen. */
  get mode(): SafeModeState {
    if (this.#mode === "frozen" && this.#remainingMs() <= 0) this.#thaw();
    return this.#mode;
  }

  /** Milliseconds until the cool-off ends; 0 when not frozen. */
  get remainingMs(): number {
    return this.mode === "frozen" ? this.#remainingMs() : 0;
  }

  /** Freezes, after a rollback; a freeze under way starts over. */
  enter(): void {
    this.#frozenAtMs = this.#nowMs();
    this.#mode = "frozen";
    this.#accepted = 0;
  }

  /** Ends a freeze before its time. Whether there was one. */
  clear(): boolean {
    if (this.mode !== "frozen") return false;
    this.#thaw();
    return true;
  }

  /**
   * The strength of the next update: as given when normal, lr / 2 and 2 lambda when recovering.
   * Throws UPDATES_FROZEN, ARGUMENT_TYPE, ARGUMENT_RANGE.
   */
  adjust({ lr, lambda }: UpdateStrength): UpdateStrength {
    checkNumber("lr", lr, 0);
    checkNumber("lambda", lambda, 0);
    this.#checkNotFrozen();
    return this.#mode === "recovering" ? { lr: lr / 2, lambda: 2 * lambda } : { lr, lambda };
  }

  /** Counts an accepted update towards recovery. Throws UPDATES_FROZEN. */
  recordAccepted(): void {
    this.#checkNotFrozen();
    if (this.#mode === "normal") return;
    this.#accepted++;
    if (this.#accepted >= this.#options.recoverAfter) this.#mode = "normal";
  }

  #checkNotFrozen(): void {
    if (this.mode !== "frozen") return;
    throw new DriftkeelError(
      "UPDATES_FROZEN",
      `Expected no update while the safe mode is frozen, for another ${this.remainingMs} ms. ` +
        "Wait, or clear() it.",
    );
  }

  #thaw(): void {
    this.#mode = "recovering";
    this.#frozenAtMs = undefined;
  }

  #remainingMs(): number {
    const nowMs = this.#nowMs();
    // A clock that went back must not freeze for longer than one cool-off from now.
    this.#frozenAtMs = Math.min(this.#frozenAtMs!, nowMs);
    return this.#frozenAtMs + this.#options.coolOffMs - nowMs;
  }

  #nowMs(): number {
    return millisecondsOf("now()", this.#options.now());
  }

  /** Where it stands, as JSON. The options are not part of it: another cool-off applies at once. */
  state(): unknown {
    return { mode: this.#mode, frozenAtMs: this.#frozenAtMs ?? null, accepted: this.#accepted };
  }

  /** Continues from what `state()` returned. Throws STATE_INVALID and changes nothing otherwise. */
  restore(state: unknown): void {
    const { mode, frozenAtMs, accepted } = parseState("SafeMode", stateSchema, state);
    if ((mode === "frozen") !== (frozenAtMs !== null)) {
      throw new DriftkeelRangeError(
        "STATE_INVALID",
        `Expected a SafeMode state with frozenAtMs exactly when frozen, got ${frozenAtMs} for ` +
          `${mode}; restore what SafeMode.state() returned.`,
      );
    }
    this.#mode = mode;
    this.#frozenAtMs = frozenAtMs ?? undefined;
    this.#accepted = accepted;
  }
}
