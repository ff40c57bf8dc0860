// What an update was made of, in numbers.

import type { UpdateReason } from "../events.ts";
import type { Sample } from "../model/sample.ts";
import type { Consolidation } from "../model/training-run.ts";
import type { EwcFacts, TimeSpan, UpdateFacts } from "./learner-results.ts";

/** Elements of a Fisher whose median is taken at most. */
const MEDIAN_ELEMENTS = 65_536;

/** The samples of one update. */
export interface Windows {
  training: readonly Sample[];
  holdout: readonly Sample[];
}

/** What is known of an update when it starts. */
export function factsOf(
  reason: UpdateReason,
  { training, holdout }: Windows,
  replay: number,
): UpdateFacts {
  return {
    reason,
    samples: { training: training.length, replay, holdout: holdout.length },
    trainedOn: spanOf(training),
    judgedOn: spanOf(holdout),
    training: undefined,
    ewc: undefined,
    heldOut: undefined,
  };
}

/** Numbers of an EWC. The median is that of a part when the Fisher is large: sorting takes long. */
export function ewcFactsOf({ lambda, fisher: measure }: Consolidation): EwcFacts | undefined {
  const fisher = measure();
  if (!fisher) return undefined;
  const fisherMax = fisher.reduce((most, each) => Math.max(most, each), 0);
  const stride = Math.ceil(fisher.length / MEDIAN_ELEMENTS);
  const part = fisher.filter((_, index) => index % stride === 0).sort();
  return { lambda, fisherMax, fisherMedian: part[part.length >>> 1] ?? Number.NaN };
}

function spanOf(samples: readonly Sample[]): TimeSpan | undefined {
  const times = samples.flatMap(({ timestamp }) => timestamp?.getTime() ?? []);
  if (times.length === 0) return undefined;
  const [from, to] = times.reduce(
    ([least, most], ms) => [Math.min(least!, ms), Math.max(most!, ms)],
    [times[0]!, times[0]!],
  );
  return { from: new Date(from!), to: new Date(to!) };
}
