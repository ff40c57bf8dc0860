// Opens every model of a configuration, each in a folder of its own, and closes them.

import type { ModelConfig } from "../config/model-config.ts";
import type { Clock, LearnerEvent, OnlineLearnerOptions, SampleStore } from "../index.ts";
import { HostedModel, type ModelObserver } from "./hosted-model.ts";
import { ProblemError } from "./problem.ts";

/** Ids, and characters of a wrong one, that a problem shows. */
const SHOWN_IDS = 10;
const SHOWN_CHARACTERS = 64;

/** What all models are opened with. */
interface ModelPlace {
  baseDir: string;
  now: Clock;
  keepEvents?: OnlineLearnerOptions["keepEvents"];
  /** Where samples are kept; default: beside the models. */
  samplesOf?: ((modelId: string, capacity: number) => SampleStore) | undefined;
}

/** The learners of one configuration. A model that cannot be opened does not stop the others. */
export class ModelHost {
  readonly #models = new Map<string, HostedModel>();
  readonly #failures = new Map<string, unknown>();
  readonly #observers = new Set<ModelObserver>();
  #closing: Promise<void> | undefined;

  private constructor() {}

  /** Opens the models one after the other, each in `<baseDir>/<id>`. Throws nothing. */
  static async open(
    models: ReadonlyMap<string, ModelConfig>,
    { baseDir, now, keepEvents, samplesOf }: ModelPlace,
  ): Promise<ModelHost> {
    const host = new ModelHost();
    const observer = host.#broadcaster();
    for (const [id, config] of models) {
      try {
        host.#models.set(
          id,
          await HostedModel.open({
            id,
            config,
            baseDir,
            now,
            observer,
            keepEvents,
            samplesOf,
          }),
        );
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

  /** Tells `observer` of every model, until what it returns is called. */
  watch(observer: ModelObserver): () => void {
    this.#observers.add(observer);
    return () => {
      this.#observers.delete(observer);
    };
  }

  /** Calls `listener` with every event of every model, until what it returns is called. */
  listen(listener: (event: LearnerEvent) => void): () => void {
    return this.watch({ event: listener });
  }

  /** Closes every learner; one that fails does not stop the others. Throws the first failure. */
  close(): Promise<void> {
    this.#closing ??= this.#closeAll();
    return this.#closing;
  }

  #broadcaster(): Required<ModelObserver> {
    const each = (tell: (observer: ModelObserver) => void) => this.#observers.forEach(tell);
    return {
      event: (event) => each((one) => one.event?.(event)),
      sample: (id, observation, sample) => each((one) => one.sample?.(id, observation, sample)),
      update: (id, outcome, isDryRun) => each((one) => one.update?.(id, outcome, isDryRun)),
      failure: (id, error) => each((one) => one.failure?.(id, error)),
    };
  }

  async #closeAll(): Promise<void> {
    const ends = await Promise.allSettled(this.models.map((model) => model.close()));
    for (const end of ends) if (end.status === "rejected") throw end.reason;
  }
}
