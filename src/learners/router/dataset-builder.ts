// Turns trajectories into samples: live ones only, unseen first, split by time, weighted by
// importance.

import { createHash } from "node:crypto";
import type { Sample } from "../../index.ts";
import { candidateFeatures, type Situation, situationFeatures } from "./features.ts";
import { possibleTypes, TYPE_OF } from "./possible-types.ts";
import type { RouterTraining } from "./router-options.ts";
import { CANDIDATE_TYPES, DECISION_TYPES, type Decision, type Trajectory } from "./trajectory.ts";

/** A first decision as it was logged. */
export interface LoggedDecision {
  trajectoryId: string;
  situation: Situation;
  decision: Decision;
  reward: number;
  /** Of the decision type: 1 to the clip; 1 without a propensity. */
  importance: number;
}

/** What a challenger is trained on, and what it is measured on. */
export interface RouterDataset {
  typeSamples: Sample[];
  candidateSamples: Sample[];
  /** The latest decisions, which no sample is made of. */
  heldOut: LoggedDecision[];
  /** Ids of all trajectories used, held out or not, in order of time. */
  ids: string[];
  unseenCount: number;
  /** SHA-256 of ids, rewards and decisions. */
  hash: string;
  /** Mean reward of the decisions trained on: what a decision has to beat to be encouraged. */
  baselineReward: number;
}

/** What a builder needs to know. */
export type DatasetOptions = Pick<RouterTraining, "importanceClip" | "holdoutFraction"> & {
  wordBuckets: number;
  /** Trajectories used at most; unseen ones come first. */
  maxTrajectories: number;
};

/**
 * Collects trajectories, then builds a dataset of them. What is not live, and whatever has a task
 * of the benchmark, is turned away.
 *
 * Let r be the reward of a decision, b the mean reward, p its propensity, n the candidates of its
 * kind (1 where none is selected). The importance of a decision type is 1 / (p n), at least 1 and
 * at most the clip: p tells of type and candidate together, and the part of the candidate is taken
 * for an even draw. A decision type gets the importance times |r - b| as weight, scaled to mean 1,
 * and as label the type itself when r >= b; else the k other possible types in equal parts, and a
 * weight k times smaller. Each selected candidate gets the label r and the importance as weight.
 */
export class DatasetBuilder {
  readonly #options: DatasetOptions;
  readonly #isBenchmark: (taskId: string) => boolean;
  readonly #unseen: Trajectory[] = [];
  readonly #seen: Trajectory[] = [];

  constructor(options: DatasetOptions, isBenchmark: (taskId: string) => boolean = () => false) {
    this.#options = options;
    this.#isBenchmark = isBenchmark;
  }

  /** Offers a trajectory; returns whether it may be learned from. */
  add(trajectory: Trajectory, isSeen = false): boolean {
    if (trajectory.origin !== "live" || this.#isBenchmark(trajectory.task.taskId)) return false;
    (isSeen ? this.#seen : this.#unseen).push(trajectory);
    return true;
  }

  /** The dataset; the samples are the same whatever the order in which trajectories were added. */
  build(): RouterDataset {
    const { maxTrajectories, holdoutFraction } = this.#options;
    // The oldest unseen wait longest; of the seen ones the newest say most.
    const unseen = inOrder(this.#unseen).slice(0, maxTrajectories);
    const room = maxTrajectories - unseen.length;
    const seen = room > 0 ? inOrder(this.#seen).slice(-room) : [];
    const used = inOrder([...unseen, ...seen]);
    const decisions = used.map((trajectory) => this.#firstDecision(trajectory));
    const heldOutCount = Math.floor(decisions.length * holdoutFraction);
    const trained = decisions.slice(0, decisions.length - heldOutCount);
    const rewards = trained.reduce((sum, { reward }) => sum + reward, 0);
    const baselineReward = trained.length > 0 ? rewards / trained.length : 0;
    return {
      typeSamples: this.#typeSamples(trained, baselineReward),
      candidateSamples: trained.flatMap(candidateSamples),
      heldOut: decisions.slice(trained.length),
      ids: used.map(({ trajectoryId }) => trajectoryId),
      unseenCount: unseen.length,
      hash: hashOfDecisions(decisions),
      baselineReward,
    };
  }

  #firstDecision(trajectory: Trajectory): LoggedDecision {
    const { trajectoryId, task, contextSnapshot, candidateSets, decisions, reward } = trajectory;
    // Only the first was made in the situation that the trajectory describes.
    const decision = decisions.reduce((first, each) => (each.step < first.step ? each : first));
    const situation = { task, context: contextSnapshot, candidates: candidateSets };
    const importance = this.#importance(situation, decision);
    return { trajectoryId, situation, decision, reward, importance };
  }

  #importance({ candidates }: Situation, { decisionType, propensity }: Decision): number {
    if (propensity === undefined) return 1;
    const type = TYPE_OF[decisionType];
    const choices = type === undefined ? 1 : candidates[type].length;
    return Math.min(this.#options.importanceClip, Math.max(1, 1 / (propensity * choices)));
  }

  #typeSamples(decisions: readonly LoggedDecision[], baselineReward: number): Sample[] {
    const samples = decisions.map((each) => ({
      input: situationFeatures(each.situation, this.#options.wordBuckets),
      ...typeLesson(each, baselineReward),
      id: each.trajectoryId,
    }));
    return evenly(samples);
  }
}

/** The samples with their weights scaled to a mean of 1. */
function evenly(samples: readonly (Sample & { weight: number })[]): Sample[] {
  const mean = samples.reduce((sum, { weight }) => sum + weight, 0) / samples.length;
  return samples.map((each) => ({ ...each, weight: mean > 0 ? each.weight / mean : 1 }));
}

function inOrder(trajectories: readonly Trajectory[]): Trajectory[] {
  const keyed = trajectories.map((each) => ({ each, ms: Date.parse(each.task.createdAt) }));
  const byId = (a: string, b: string) => (a < b ? -1 : Number(a > b));
  keyed.sort((a, b) => a.ms - b.ms || byId(a.each.trajectoryId, b.each.trajectoryId));
  return keyed.map(({ each }) => each);
}

function typeLesson(
  { decision, situation, reward, importance }: LoggedDecision,
  baselineReward: number,
): { label: Float32Array; weight: number } {
  const chosen = DECISION_TYPES.indexOf(decision.decisionType);
  const label = new Float32Array(DECISION_TYPES.length);
  const others = possibleTypes(situation.candidates).map((can, type) => can && type !== chosen);
  const count = others.filter((other) => other).length;
  const weight = importance * Math.abs(reward - baselineReward);
  if (reward >= baselineReward || count === 0) {
    label[chosen] = 1;
    return { label, weight };
  }
  for (const [type, other] of others.entries()) label[type] = other ? 1 / count : 0;
  // A bad outcome says what was wrong, and not which of the others would have been right.
  return { label, weight: weight / count };
}

function candidateSamples({ decision, situation, reward, ...rest }: LoggedDecision): Sample[] {
  const { candidates, task } = situation;
  const selected = new Set(decision.selectedIds);
  return CANDIDATE_TYPES.flatMap((type) => candidates[type])
    .filter(({ id }) => selected.has(id))
    .map((candidate) => ({
      input: candidateFeatures(candidate, task),
      label: Float32Array.of(reward),
      weight: rest.importance,
      id: `${rest.trajectoryId}/${candidate.id}`,
    }));
}

function hashOfDecisions(decisions: readonly LoggedDecision[]): string {
  const hash = createHash("sha256");
  for (const { trajectoryId, decision, reward } of decisions) {
    hash.update(`${JSON.stringify([trajectoryId, decision, reward])}\n`);
  }
  return hash.digest("hex");
}
