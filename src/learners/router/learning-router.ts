// The router: a softmax over decision types and a score for every candidate, both learned.

import * as z from "zod/mini";
import { parseOptions } from "../../foundation.ts";
import {
  init,
  Random,
  type Sample,
  type SavedVersion,
  type TrainReport,
  type Version,
} from "../../index.ts";
import { type CaseIndex, withEpisode } from "./case-index.ts";
import { draw, likeliest, softmax, withFloor } from "./choice.ts";
import type { RouterDataset } from "./dataset-builder.ts";
import { candidateFeatures, type Situation, situationFeatures } from "./features.ts";
import { type HeadState, PolicyHead } from "./policy-head.ts";
import { possibleTypes, TYPE_OF } from "./possible-types.ts";
import { reasonsOf, type Scored } from "./route-reasons.ts";
import {
  type Exploration,
  explorationSchema,
  networkSchema,
  type RouterNetworkOptions,
  type RouterTrainingOptions,
  seedSchema,
  trainingSchema,
} from "./router-options.ts";
import {
  encodeShape,
  HEAD_NAMES,
  type RouterShape,
  readShape,
  SHAPE_PART,
  shapesOf,
} from "./router-shape.ts";
import {
  CANDIDATE_TYPES,
  type Candidate,
  type CandidateSets,
  type CandidateType,
  type ContextSnapshot,
  DECISION_TYPES,
  type DecisionType,
  type Task,
} from "./trajectory.ts";

/** What the router decided, and what a trajectory should log of it. */
export interface Route {
  decisionType: DecisionType;
  /** One candidate, none, or for a composite action the best of each kind. */
  selectedIds: string[];
  /** Of every decision type; 0 for one that is impossible. Exploration draws from these. */
  probabilities: Record<DecisionType, number>;
  /** Expected reward of each candidate by its id: 0..1. */
  scores: Record<string, number>;
  /** The probability with which this very choice was made: 1 without exploration. */
  propensity: number;
  /** Why, in words. */
  reasons: string[];
  /** What was chosen from, a past case included: what a trajectory should log. */
  candidates: CandidateSets;
}

/** What a training did. */
export interface RouterTrainReport {
  types: TrainReport | undefined;
  candidates: TrainReport | undefined;
}

/**
 * A policy that serves; nothing changes it after it is made. `challenger` trains another one.
 * Equal inputs give equal routes unless exploration is on.
 */
export class LearningRouter {
  readonly #options: RouterShape;
  readonly #types: PolicyHead;
  readonly #candidates: PolicyHead;
  #exploration: { floor: number; random: Random } | undefined;
  #cases: CaseIndex | undefined;

  private constructor(options: RouterShape, types: PolicyHead, candidates: PolicyHead) {
    this.#options = options;
    this.#types = types;
    this.#candidates = candidates;
  }

  /** A router that has learned nothing yet. Throws OPTION_INVALID, OPTION_UNKNOWN. */
  static async create(options?: RouterNetworkOptions): Promise<LearningRouter> {
    await init();
    const parsed = parseOptions("LearningRouter", networkSchema, options);
    const [types, candidates] = shapesOf(parsed).map((shape) => PolicyHead.create(shape));
    return new LearningRouter(parsed, types!, candidates!);
  }

  /** The router of a version that `version()` made. Throws FILE_CORRUPT, LENGTH_MISMATCH. */
  static async fromVersion(version: Pick<SavedVersion, "weights" | "state">) {
    await init();
    const options = readShape(version.state.get(SHAPE_PART));
    const [types, candidates] = shapesOf(options).map((shape) => {
      const names = [...version.weights.keys()].filter((key) => key.startsWith(`${shape.name}-`));
      return PolicyHead.create(shape, {
        weights: new Map(names.map((key) => [key, version.weights.get(key)!])),
        ewc: version.state.get(`${shape.name}-ewc.bin`),
        replay: version.state.get(`${shape.name}-replay.json`),
      });
    });
    return new LearningRouter(options, types!, candidates!);
  }

  /** Buckets of the hashed words, which a dataset for this router has to use. */
  get wordBuckets(): number {
    return this.#options.wordBuckets;
  }

  /** Turns exploration on, or without an argument off. Throws OPTION_INVALID, OPTION_UNKNOWN. */
  explore(exploration?: Exploration): void {
    if (exploration === undefined) {
      this.#exploration = undefined;
      return;
    }
    const { floor, seed } = parseOptions("LearningRouter.explore", explorationSchema, exploration);
    this.#exploration = { floor, random: new Random(seed) };
  }

  /** Offers the nearest past case as one more memory from now on; without an index none. */
  useCases(cases?: CaseIndex): void {
    this.#cases = cases;
  }

  /** Decides. Candidates are to be of the kinds whose lists they are in. */
  route(task: Task, context: ContextSnapshot, given: CandidateSets): Route {
    const candidates = this.#cases ? withEpisode(given, this.#cases, task) : given;
    const situation = { task, context, candidates };
    const logits = this.#types.predict(situationFeatures(situation, this.wordBuckets));
    const plain = softmax(logits, possibleTypes(candidates));
    const floor = this.#exploration?.floor;
    const probabilities = floor === undefined ? plain : withFloor(plain, floor);
    const index = this.#choose(probabilities);
    const decisionType = DECISION_TYPES[index]!;
    const ranked = this.#rank(situation);
    const choice = this.#select(decisionType, ranked);
    const propensity = this.#exploration ? probabilities[index]! * choice.propensity : 1;
    return {
      decisionType,
      selectedIds: choice.selected.map(({ candidate }) => candidate.id),
      probabilities: Object.fromEntries(
        DECISION_TYPES.map((type, place) => [type, probabilities[place]!]),
      ) as Record<DecisionType, number>,
      scores: Object.fromEntries(
        CANDIDATE_TYPES.flatMap((type) =>
          ranked[type].map(({ candidate, score }) => [candidate.id, score]),
        ),
      ),
      propensity,
      reasons: reasonsOf(decisionType, probabilities, choice.selected, this.#exploration?.floor),
      candidates,
    };
  }

  #choose(probabilities: readonly number[]): number {
    const { random } = this.#exploration ?? {};
    return random ? draw(probabilities, random) : likeliest(probabilities);
  }

  /** Every candidate with its score, by kind. */
  #rank({ task, candidates }: Situation): Record<CandidateType, Scored[]> {
    const scored = (candidate: Candidate): Scored => {
      const logit = this.#candidates.predict(candidateFeatures(candidate, task))[0]!;
      return { candidate, logit, score: 1 / (1 + Math.exp(-logit)) };
    };
    return {
      memory: candidates.memory.map(scored),
      skill: candidates.skill.map(scored),
      tool: candidates.tool.map(scored),
    };
  }

  #select(decisionType: DecisionType, ranked: Record<CandidateType, Scored[]>) {
    const type = TYPE_OF[decisionType];
    if (type === undefined) {
      const kinds = decisionType === "composite_action" ? CANDIDATE_TYPES : [];
      const lists = kinds.map((kind) => ranked[kind]).filter((list) => list.length > 0);
      const best = lists.map((list) => list[likeliest(list.map(({ logit }) => logit))]!);
      return { selected: best, propensity: 1 };
    }
    const list = ranked[type];
    const logits = list.map(({ logit }) => logit);
    const plain = softmax(
      logits,
      logits.map(() => true),
    );
    const floor = this.#exploration?.floor;
    const probabilities = floor === undefined ? plain : withFloor(plain, floor);
    const index = this.#choose(probabilities);
    return { selected: [list[index]!], propensity: probabilities[index]! };
  }

  /**
   * Trains another router on the dataset; this one stays as it is. Throws UPDATE_DIVERGED,
   * UPDATE_CANCELLED, OPTION_INVALID, OPTION_UNKNOWN.
   */
  async challenger(
    dataset: Pick<RouterDataset, "typeSamples" | "candidateSamples">,
    options: RouterTrainingOptions & { seed?: number } = {},
    signal?: AbortSignal,
  ): Promise<{ router: LearningRouter; report: RouterTrainReport }> {
    const schema = z.extend(trainingSchema, { seed: z._default(seedSchema, 0) });
    const { seed, ...training } = parseOptions("router training", schema, options);
    const train = (head: PolicyHead, samples: readonly Sample[]) =>
      head.train(samples, training, seed, signal);
    const types = await train(this.#types, dataset.typeSamples);
    try {
      const candidates = await train(this.#candidates, dataset.candidateSamples);
      return {
        router: new LearningRouter(this.#options, types.head, candidates.head),
        report: { types: types.report, candidates: candidates.report },
      };
    } catch (error) {
      types.head.dispose();
      throw error;
    }
  }

  /** Mean losses over samples; NaN without any. */
  losses(dataset: Pick<RouterDataset, "typeSamples" | "candidateSamples">) {
    return {
      types: this.#types.loss(dataset.typeSamples),
      candidates: this.#candidates.loss(dataset.candidateSamples),
    };
  }

  /** Everything of this router, for a VersionStore. */
  version(): Version & { parts: Map<string, Uint8Array> } {
    const parts = new Map([[SHAPE_PART, encodeShape(this.#options)]]);
    const weights = new Map<string, Float32Array>();
    for (const [index, head] of [this.#types, this.#candidates].entries()) {
      const state: HeadState = head.state();
      for (const [name, values] of state.weights) weights.set(name, values);
      if (state.ewc) parts.set(`${HEAD_NAMES[index]}-ewc.bin`, state.ewc);
      if (state.replay) parts.set(`${HEAD_NAMES[index]}-replay.json`, state.replay);
    }
    return { weights, parts, seed: this.#options.seed };
  }

  /** Gives the memory back. Later use throws DISPOSED. */
  dispose(): void {
    this.#types.dispose();
    this.#candidates.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
