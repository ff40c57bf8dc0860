// Names versions by when they were saved: YYYYMMDD-HHMMSS-<4 hex>, in UTC.

import type { Random } from "../core/random.ts";
import { isoTime } from "./iso-time.ts";

const TAILS = 2 ** 16;
const SECOND_MS = 1000;

/**
 * An id that is not in `taken`: the second of `nowMs` and a tail from `random`; when that id is
 * taken the next free tail, and when all of the second are, the next second.
 */
export function freeVersionId(nowMs: number, random: Random, taken: ReadonlySet<string>): string {
  const drawn = random.below(TAILS);
  for (let second = nowMs; ; second += SECOND_MS) {
    const [day, time] = isoTime("now()", second).split(/[T.]/) as [string, string];
    const stamp = `${day.replaceAll("-", "")}-${time.replaceAll(":", "")}`;
    for (let step = 0; step < TAILS; step++) {
      const tail = ((drawn + step) % TAILS).toString(16).padStart(4, "0");
      const id = `${stamp}-${tail}`;
      if (!taken.has(id)) return id;
    }
  }
}
