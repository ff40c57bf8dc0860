// The runs of versions: each version has one, in the experiment of its registry.

import {
  createdExperiment,
  experimentAnswer,
  type RunRecord,
  runAnswer,
  runsAnswer,
} from "./mlflow-answers.ts";
import type { MlflowClient } from "./mlflow-client.ts";
import { orUndefined } from "./mlflow-failure.ts";
import { batchesOf, type LoggedFacts } from "./version-facts.ts";

/** Tags by which runs and versions are found again. */
export const VERSION_TAG = "driftkeel.version_id";
export const MODEL_TAG = "driftkeel.model_id";

/** The runs of one experiment. Every method throws FILE_FAILED. */
export class VersionRuns {
  readonly #client: MlflowClient;
  readonly #experiment: string;
  #experimentId: Promise<string> | undefined;

  /** experiment: its name; it is created when it is absent. */
  constructor(client: MlflowClient, experiment: string) {
    this.#client = client;
    this.#experiment = experiment;
  }

  /** The run of a version: one that was begun before, or a new one. Both are checked ids. */
  async find(modelId: string, versionId: string, tags: object[], atMs: number): Promise<RunRecord> {
    const experiment = await this.#id();
    const isOf = (tag: string, id: string) => `tags.\`${tag}\` = '${id}'`;
    const filter = `${isOf(MODEL_TAG, modelId)} and ${isOf(VERSION_TAG, versionId)}`;
    const { runs: [begun] = [] } = await this.#client.ask({
      method: "POST",
      path: "runs/search",
      what: `look for the run of ${versionId}`,
      body: { experiment_ids: [experiment], filter, max_results: 1 },
      isRepeatable: true,
      answer: runsAnswer,
    });
    if (begun) return begun;
    const run_name = `${modelId} ${versionId}`;
    const { run } = await this.#client.ask({
      method: "POST",
      path: "runs/create",
      what: `begin a run for ${versionId}`,
      body: { experiment_id: experiment, run_name, start_time: atMs, tags },
      answer: runAnswer,
    });
    return run;
  }

  /** Logs parameters and metrics; those that are there already stay. */
  async log(runId: string, facts: LoggedFacts, atMs: number): Promise<void> {
    for (const body of batchesOf(runId, facts, atMs)) {
      await this.#client.post("runs/log-batch", "log what is known of a version", body);
    }
  }

  /** Ends a run. */
  async finish(runId: string, atMs: number): Promise<void> {
    const body = { run_id: runId, status: "FINISHED", end_time: atMs };
    await this.#client.post("runs/update", "end the run of a version", body);
  }

  #id(): Promise<string> {
    this.#experimentId ??= this.#findExperiment().catch((error) => {
      this.#experimentId = undefined;
      throw error;
    });
    return this.#experimentId;
  }

  async #findExperiment(): Promise<string> {
    const name = this.#experiment;
    const asked = this.#client.ask({
      method: "GET",
      path: "experiments/get-by-name",
      what: `tell of the experiment ${name}`,
      query: { experiment_name: name },
      answer: experimentAnswer,
    });
    const found = await orUndefined(asked, /^RESOURCE_DOES_NOT_EXIST$/);
    if (found) return found.experiment.experiment_id;
    const creating = this.#client.ask({
      method: "POST",
      path: "experiments/create",
      what: `create the experiment ${name}`,
      body: { name },
      answer: createdExperiment,
    });
    const created = await orUndefined(creating, /^RESOURCE_ALREADY_EXISTS$/);
    return created?.experiment_id ?? this.#findExperiment();
  }
}
