// States and clocks for the tests of triggers.

import type { Trigger, TriggerState } from "../../src/pipeline/trigger/trigger.ts";

/** A state of as many samples as losses. */
export function stateOf(losses: readonly number[], rest: Partial<TriggerState> = {}): TriggerState {
  return { sampleCount: losses.length, recentLosses: [...losses], ...rest };
}

/** A clock that stands until it is set. */
export function clockAt(ms: number) {
  const clock = { ms, now: () => new Date(clock.ms) };
  return clock;
}

/** Records each loss, then asks, as a learner does; a yes starts a training at once. */
export function drive(
  trigger: Trigger,
  losses: readonly number[],
  state: TriggerState = stateOf([]),
): number[] {
  return losses.flatMap((loss) => {
    trigger.recordSample(state, loss);
    if (!trigger.shouldRetrain(state, loss)) return [];
    state.lastTriggerTime = new Date(state.sampleCount);
    return [state.sampleCount];
  });
}
