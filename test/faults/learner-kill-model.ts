// The learner that is killed: the one of the cycle, with room for every sample it ever gets.

import type { Random } from "../../src/core/random.ts";
import type { Sample } from "../../src/model/sample.ts";
import type { OnlineLearnerOptions } from "../../src/pipeline/learner-options.ts";
import { cycleOptions } from "./learner-cycle.ts";

/** More than all rounds together bring: no sample is ever turned away, so each can be counted. */
const ROOM = 500_000;
/** Samples after which the world changes, so that versions come and go. */
const CHAPTER = 40;

/** The same options at every start. */
export function killOptions(storagePath: string): OnlineLearnerOptions {
  return {
    ...cycleOptions({ storagePath, now: Date.now, checkpointEvery: 64 }),
    // A model that remembers all worlds fits each a little, and after a while nothing drifts.
    replayShare: 0,
    ewc: { lambda: 0.01, consolidation: "ema", gamma: 0.5 },
    intake: {
      trainingWindow: 12,
      holdoutWindow: 6,
      holdoutFraction: 0.3,
      replayCapacity: ROOM,
      retentionCapacity: ROOM,
    },
  };
}

/** y = 2x + shift, where the shift depends on how many samples were before. */
export function sampleOf(id: string, random: Random, before: number): Sample {
  const x = 2 * random.uniform() - 1;
  const shift = Math.floor(before / CHAPTER) % 2 === 1 ? 3 : 0;
  const y = 2 * x + shift + 0.1 * random.normal();
  return { input: Float32Array.of(x), label: Float32Array.of(y), id };
}
