// How much an example weighs: wrong decisions more than right ones, repeated ones most.

import * as z from "zod/mini";
import { parseState } from "../../foundation.ts";
import type { Sample } from "../../index.ts";
import type { GateCall, Lesson } from "./training-signal.ts";

const NORMAL = 1;
const WRONG = 4;
/** The cap: however often a mistake is repeated, it weighs no more. */
const REPEATED = 6;
/** Examples from here on are locked in replay. */
const LOCKED_FROM = 4;
/** Mistakes remembered; the one longest ago goes first. */
const MAX_MISTAKES = 4096;

const stateSchema = z.strictObject({ keys: z.array(z.string()).check(z.maxLength(MAX_MISTAKES)) });

/** Whether an example must not be forgotten; those of peers may be. */
export function isLockedExample({ weight = NORMAL, origin = "live" }: Sample): boolean {
  return weight >= LOCKED_FROM && origin !== "peer";
}

/** What an example weighs, and whether its mistake was made before. */
export interface Weighing {
  weight: number;
  isRepeated: boolean;
}

/** Remembers mistakes by tool, source and how the decision was wrong. */
export class Mistakes {
  /** In the order in which they were last made. */
  readonly #keys = new Set<string>();

  /** 1 for a right decision, 4 for a wrong one, 6 for one that was wrong before; notes it. */
  weigh(call: Pick<GateCall, "tool" | "source">, { mistake }: Lesson): Weighing {
    if (!mistake) return { weight: NORMAL, isRepeated: false };
    const key = JSON.stringify([call.tool, call.source, mistake]);
    const isRepeated = this.#keys.delete(key);
    this.#keys.add(key);
    if (this.#keys.size > MAX_MISTAKES) this.#keys.delete(this.#keys.values().next().value!);
    return { weight: isRepeated ? REPEATED : WRONG, isRepeated };
  }

  /** What is remembered, as JSON. */
  state(): unknown {
    return { keys: [...this.#keys] };
  }

  /** Goes on from what `state()` returned. Throws STATE_INVALID. */
  restore(state: unknown): void {
    const { keys } = parseState("Mistakes", stateSchema, state);
    this.#keys.clear();
    for (const key of keys) this.#keys.add(key);
  }
}
