// Long loops in slices, between which the event loop gets its turn: requests are answered while an
// update looks at a large window.

import * as platform from "#platform";
import { monotonicMs } from "../clock.ts";

/** A slice this long is hardly felt by a request that comes meanwhile. */
const SLICE_MS = 5;

/**
 * Does `task` for each item, in order. Where the slices end depends on the clock, what they compute
 * does not. Rejects with what `task` throws, and then stops.
 */
export async function inTurns<T>(items: Iterable<T>, task: (item: T) => void): Promise<void> {
  let start = monotonicMs();
  for (const item of items) {
    task(item);
    if (monotonicMs() - start < SLICE_MS) continue;
    await nextTurn();
    start = monotonicMs();
  }
}

/** Resolves after the event loop had its turn. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => platform.afterEvents(resolve));
}
