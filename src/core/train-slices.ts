// Runs a training plan in slices of bounded time, so that progress can be told between them.

import { STATUS_RUNNING } from "../../assembly/layout.ts";
import type { CoreExports } from "./abi.ts";

/**
 * Yields the plan's status after each slice of about `sliceMs` milliseconds; the last one yielded
 * is final.
 * How the steps fall into slices depends on the clock, what they compute does not.
 */
export function* trainInSlices(
  core: CoreExports,
  plan: number,
  sliceMs: number,
): Generator<number> {
  let steps = 1;
  let status: number;
  do {
    const start = performance.now();
    status = core.train(plan, steps);
    const perStepMs = Math.max(1e-4, (performance.now() - start) / steps);
    // At most doubling: the first steps of a cold core say little about the later ones.
    steps = Math.max(1, Math.min(2 * steps, Math.floor(sliceMs / perStepMs)));
    yield status;
  } while (status === STATUS_RUNNING);
}
