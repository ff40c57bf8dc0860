// The gate's weights among those of its peers: what it gives, and what it takes over.

import {
  DriftkeelRangeError,
  type ModelVersion,
  type OnlineLearner,
  type Sample,
  type UpdateOutcome,
  type VersionStore,
} from "../../index.ts";
import { type Contribution, checkContribution, mergeContributions } from "./federated-merge.ts";
import type { GateLearnable } from "./gate-learnable.ts";
import { tensorsOf } from "./parameter-order.ts";

interface FederationParts {
  learnable: GateLearnable;
  learner: OnlineLearner;
  /** Reads the versions of the learner. */
  versions: VersionStore;
}

/** Gives and takes the weights of one gate. */
export class Federation {
  readonly #parts: FederationParts;

  constructor(parts: FederationParts) {
    this.#parts = parts;
  }

  /** Parameters of the active version and their Fisher on samples. Throws DATA_EMPTY. */
  async contribution(samples: readonly Sample[]): Promise<Contribution> {
    if (samples.length === 0) {
      const message = "Expected signals to hold at least one, got none.";
      throw new DriftkeelRangeError("DATA_EMPTY", message);
    }
    const { learnable } = this.#parts;
    return this.#withActive((version) => ({
      parameters: version.vector(),
      fisher: learnable.fisher(version, samples),
    }));
  }

  /** An update whose candidate is the merge. */
  async merge(
    contributions: readonly Contribution[],
    options: { trim?: number } | undefined,
  ): Promise<UpdateOutcome> {
    const { learnable, learner } = this.#parts;
    const merged = mergeContributions(contributions, options);
    const length = await this.#withActive((version) => version.vector().length);
    checkContribution("contributions[0]", contributions[0]!, length);
    return learner.update({ signal: learnable.nominate(tensorsOf(learnable, merged)) });
  }

  /** Every promoted version is durable before it serves, so the active one can be read. */
  async #withActive<T>(use: (version: ModelVersion) => T): Promise<T> {
    const { learner, learnable, versions } = this.#parts;
    const { weights } = await versions.read(learner.status().versionId);
    const version = learnable.load(weights);
    try {
      return use(version);
    } finally {
      version.dispose();
    }
  }
}
