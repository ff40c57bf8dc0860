// Generates trajectories of an agent whose best decisions are known, and the benchmark to them.

import * as z from "zod/mini";
import { parseOptions } from "../../../foundation.ts";
import { DriftkeelRangeError, Random } from "../../../index.ts";
import { BenchmarkSuite } from "../benchmark-suite.ts";
import { possibleTypes } from "../possible-types.ts";
import { seedSchema } from "../router-options.ts";
import { DECISION_TYPES, type Trajectory } from "../trajectory.ts";
import { TASK_FAMILIES, type TaskFamily } from "./families.ts";
import { drawSituation, type ValuedDecision, valuedDecisions } from "./situations.ts";

const START = "2026-11-01T00:00:00.000Z";
const MINUTE_MS = 60_000;
/** Standard deviation of what a user's feedback adds to the mean reward of a decision. */
const NOISE = 0.1;

const familyNames = z.optional(z.array(z.string()).check(z.minLength(1)));
const samplesSchema = z.strictObject({
  count: z.int().check(z.minimum(1), z.maximum(1_000_000)),
  seed: z._default(seedSchema, 0),
  families: familyNames,
  firstNumber: z._default(z.int().check(z.minimum(0)), 0),
  start: z._default(z.iso.datetime({ offset: true }), START),
  inverted: z._default(z.boolean(), false),
});
const suiteSchema = z.strictObject({
  tasksPerFamily: z._default(z.int().check(z.minimum(1), z.maximum(1000)), 25),
  seed: z._default(seedSchema, 0),
  families: familyNames,
});

/** What to generate. */
export interface SampleOptions {
  count: number;
  /** Default 0. */
  seed?: number;
  /** Names of TASK_FAMILIES; default all. */
  families?: string[];
  /** Of the first trajectory, which its id and its time follow: default 0. */
  firstNumber?: number;
  /** Time of trajectory 0, one more a minute: default 2026-11-01. */
  start?: string;
  /** Rewards r are written as 1 - r: what is learned from them is wrong. */
  inverted?: boolean;
}

/**
 * Trajectories whose decision was drawn by chance: half of the time from the possible types with
 * equal probability, half of the time what a plain rule prefers (the tool). The propensity that
 * they log is exact; the reward is that of the decision plus noise, cut to 0..1.
 *
 * Throws OPTION_INVALID, OPTION_UNKNOWN.
 */
export function sampleTrajectories(options: SampleOptions): Trajectory[] {
  const { count, seed, families, firstNumber, start, inverted } = parseOptions(
    "sampleTrajectories",
    samplesSchema,
    options,
  );
  const chosen = familiesOf(families);
  const random = new Random(seed);
  const startMs = Date.parse(start);
  return Array.from({ length: count }, (_, index) => {
    const number = firstNumber + index;
    const at = new Date(startMs + number * MINUTE_MS).toISOString();
    const family = chosen[random.below(chosen.length)]!;
    return drawTrajectory(
      family,
      `sample-${String(number).padStart(7, "0")}`,
      at,
      random,
      inverted,
    );
  });
}

function drawTrajectory(
  family: TaskFamily,
  id: string,
  createdAt: string,
  random: Random,
  inverted: boolean,
): Trajectory {
  const situation = drawSituation(family, `${family.name}-${id}`, createdAt, random);
  const { decision, propensity } = drawDecision(family, situation, random);
  const noisy = Math.max(0, Math.min(1, decision.reward + NOISE * random.normal()));
  const reward = Math.round((inverted ? 1 - noisy : noisy) * 1e4) / 1e4;
  return {
    trajectoryId: id,
    task: situation.task,
    contextSnapshot: situation.context,
    candidateSets: situation.candidates,
    decisions: [
      {
        step: 1,
        decisionType: decision.decisionType,
        selectedIds: decision.selectedIds,
        rationale: "drawn by the sample policy",
        propensity,
      },
    ],
    events: [{ stage: "policy", at: createdAt }],
    outcome: reward >= 0.6 ? "success" : reward >= 0.3 ? "partial" : "failure",
    reward,
    origin: "live",
    policyVersion: "sample",
  };
}

function drawDecision(
  family: TaskFamily,
  situation: ReturnType<typeof drawSituation>,
  random: Random,
): { decision: ValuedDecision; propensity: number } {
  const all = valuedDecisions(family, situation);
  const possible = possibleTypes(situation.candidates);
  const types = DECISION_TYPES.filter((_, index) => possible[index]);
  const preferred = "call_tool";
  const type = random.uniform() < 0.5 ? preferred : types[random.below(types.length)]!;
  const ofType = all.filter(({ decisionType }) => decisionType === type);
  const decision = ofType[random.below(ofType.length)]!;
  const ofTypes = 0.5 / types.length + (type === preferred ? 0.5 : 0);
  return { decision, propensity: ofTypes / ofType.length };
}

/**
 * A benchmark of the same kind of tasks, none of which any generated trajectory has; every outcome
 * is the mean reward of its decision. Throws OPTION_INVALID, OPTION_UNKNOWN.
 */
export function sampleBenchmark(options: {
  tasksPerFamily?: number;
  seed?: number;
  families?: string[];
}): BenchmarkSuite {
  const parsed = parseOptions("sampleBenchmark", suiteSchema, options);
  const random = new Random((parsed.seed ^ 0x5eed) >>> 0); // not the draws of the trajectories
  const tasks = familiesOf(parsed.families).flatMap((family) =>
    Array.from({ length: parsed.tasksPerFamily }, (_, index) => {
      const situation = drawSituation(family, `bench-${family.name}-${index}`, START, random);
      return {
        family: family.name,
        task: situation.task,
        contextSnapshot: situation.context,
        candidateSets: situation.candidates,
        outcomes: valuedDecisions(family, situation),
      };
    }),
  );
  return BenchmarkSuite.from({ name: "sample", tasks });
}

function familiesOf(names: readonly string[] | undefined): readonly TaskFamily[] {
  if (names === undefined) return TASK_FAMILIES;
  return names.map((name) => {
    const family = TASK_FAMILIES.find((each) => each.name === name);
    if (family) return family;
    const known = TASK_FAMILIES.map((each) => each.name).join(", ");
    throw new DriftkeelRangeError(
      "OPTION_INVALID",
      `Expected a family to be one of ${known}, got ${JSON.stringify(name)}.`,
    );
  });
}
