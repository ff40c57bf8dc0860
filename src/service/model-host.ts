// Opens every model of a configuration as a learner, each in a folder of its own, and closes them.

import { join } from "node:path";
import { configureLearner } from "../config/configured-learner.ts";
import type { ModelConfig } from "../config/model-config.ts";
import { type Learnable, type LearnerEvent, OnlineLearner } from "../index.ts";
import { ProblemError } from "./problem.ts";

/** Ids, and characters of a wrong one, that a problem shows. */
const SHOWN_IDS = 10;
const SHOWN_CHARACTERS = 64;

/** A model that serves. */
export interface HostedModel {
  id: string;
  /** The folder of its versions, its state and its audit log. */
  path: string;
  learner: OnlineLearner;
  /** Checks samples before any of them is learned. */
  model: Learnable;
}

interface OpenModel extends HostedModel {
  dispose(): void;
  /** Ends with the learner's events. */
  relayed: Promise<void>;
}

/** The learners of one configuration. A model that cannot be opened does not stop the others. */
export class ModelHost {
  readonly #models = new Map<string, OpenModel>();
  readonly #failures = new Map<string, unknown>();
  readonly #listeners = new Set<(event: LearnerEvent) => void>();
  #closing: Promise<void> | undefined;

  private constructor() {}

  /** Opens the models one after the other, each in `<baseDir>/<id>`. Throws nothing. */
  static async open(models: ReadonlyMap<string, ModelConfig>, baseDir: string): Promise<ModelHost> {
    const host = new ModelHost();
    for (const [id, config] of models) {
      try {
        await host.#add(id, config, join(baseDir, id));
      } catch (error) {
        host.#failures.set(id, error);
      }
    }
    return host;
  }

  /** Those that serve, in the order of the configuration. */
  get models(): readonly HostedModel[] {
    return [...this.#models.values()];
  }

  /** Why the others do not, by id. */
  get failures(): ReadonlyMap<string, unknown> {
    return this.#failures;
  }

  /** Throws a problem: 404 when there is no such model, 503 when it could not be opened. */
  find(id: string): HostedModel {
    const model = this.#models.get(id);
    if (model) return model;
    if (this.#failures.has(id)) {
      throw new ProblemError(503, `The model ${id} could not be opened; the log says why.`);
    }
    const known = [...this.#models.keys()].slice(0, SHOWN_IDS).join(", ");
    const got = JSON.stringify(id.slice(0, SHOWN_CHARACTERS));
    throw new ProblemError(404, `Expected the id of a declared model (${known}), got ${got}.`);
  }

  /** Calls `listener` with every event of every model, until what it returns is called. */
  listen(listener: (event: LearnerEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** Closes every learner; one that fails does not stop the others. Throws the first failure. */
  close(): Promise<void> {
    this.#closing ??= this.#closeAll();
    return this.#closing;
  }

  async #add(id: string, config: ModelConfig, path: string): Promise<void> {
    const { options, dispose } = configureLearner(id, config);
    try {
      const learner = await OnlineLearner.open({ ...options, storagePath: path });
      const relayed = this.#relay(learner);
      this.#models.set(id, { id, path, learner, model: options.model, dispose, relayed });
    } catch (error) {
      dispose();
      throw error;
    }
  }

  async #relay(learner: OnlineLearner): Promise<void> {
    for await (const event of learner.events) {
      for (const listener of this.#listeners) listener(event);
    }
  }

  async #closeAll(): Promise<void> {
    const ends = await Promise.allSettled(
      [...this.#models.values()].map(async ({ learner, dispose, relayed }) => {
        try {
          await learner.close();
          await relayed;
        } finally {
          dispose();
        }
      }),
    );
    for (const end of ends) if (end.status === "rejected") throw end.reason;
  }
}
