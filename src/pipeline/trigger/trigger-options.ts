// Options that all triggers have in common.

import * as z from "zod/mini";
import { type Clock, clock } from "../../clock.ts";
import { nonNegativeNumber, positiveInteger } from "../../options.ts";

const WINDOW = "an integer from 1 to 1000000";

/** Losses kept: 1..10^6. */
export const evalWindowSize = positiveInteger.check(z.maximum(1e6, WINDOW));

/** For `z.strictObject`: the cooldown, the losses kept and the clock. */
export const triggerOptions = {
  cooldownMs: z._default(nonNegativeNumber, 0),
  evalWindowSize: z._default(evalWindowSize, 100),
  now: clock,
};

export interface TriggerOptions {
  /** Milliseconds after the start of a training in which no other starts, >= 0; default 0. */
  cooldownMs?: number;
  /** Losses that `recordSample` keeps: 1..10^6; default 100. */
  evalWindowSize?: number;
  /** The clock, as a Date or in milliseconds since 1970; default the system's. */
  now?: Clock;
}
