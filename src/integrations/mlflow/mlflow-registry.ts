// Versions of models in an MLflow model registry: registered, named by aliases, loaded.

import { checkId, decodeSnapshot, millisecondsOf } from "../../foundation.ts";
import { DriftkeelError } from "../../index.ts";
import { artifactPath, MODEL_FOLDER, WEIGHTS_FILE } from "./artifact-path.ts";
import {
  type ModelVersionRecord,
  modelVersionAnswer,
  modelVersionsAnswer,
  nothing,
} from "./mlflow-answers.ts";
import { MlflowClient } from "./mlflow-client.ts";
import { orUndefined } from "./mlflow-failure.ts";
import { type MlflowOptions, parseMlflowOptions } from "./mlflow-options.ts";
import { parseFacts, tagText, type VersionFacts } from "./version-facts.ts";
import { MODEL_TAG, VERSION_TAG, VersionRuns } from "./version-runs.ts";

const SOURCE_TAG = "driftkeel.source";
const LEFT_TAG = "driftkeel.rolled_back";

/** The active version, and the one before it while it still runs beside that. */
export type Alias = "champion" | "challenger";

/** A version as MLflow has it. */
export interface RegisteredVersion {
  /** Ours. */
  versionId: string;
  /** MLflow's number of it, such as "3". */
  version: string;
  runId: string;
}

/** A version that was loaded, verified. */
export interface LoadedVersion extends RegisteredVersion {
  weights: Map<string, Float32Array>;
  seed: number;
  kernelBuild: string;
  /** The version that it was trained from. */
  parent?: string;
}

/** Which version: by alias, or by our id. */
export type VersionChoice = { alias: Alias } | { versionId: string };

/**
 * The registry of one MLflow server. The model `signal` is registered there as
 * `signal_incremental`. A version has a run with its parameters, metrics and artifact.
 *
 * Every method throws FILE_FAILED (out of reach, credentials refused, artifacts elsewhere) and
 * ID_INVALID.
 */
export class MlflowRegistry {
  readonly #client: MlflowClient;
  readonly #runs: VersionRuns;

  /** Asks nothing yet. Throws OPTION_INVALID, OPTION_UNKNOWN. */
  constructor(options: MlflowOptions) {
    const parsed = parseMlflowOptions(options);
    this.#client = new MlflowClient(parsed);
    this.#runs = new VersionRuns(this.#client, parsed.experiment);
  }

  /** The name under which a model is registered. Throws ID_INVALID. */
  static nameOf(modelId: string): string {
    checkId("modelId", modelId);
    return `${modelId}_incremental`;
  }

  /**
   * Registers a version; one that is registered already is left as it is, and one whose
   * registration was cut short is completed. Throws OPTION_INVALID, OPTION_UNKNOWN.
   */
  async register(
    modelId: string,
    versionId: string,
    facts: VersionFacts,
  ): Promise<RegisteredVersion> {
    const { artifact, params, metrics, source, at } = parseFacts(facts);
    const name = MlflowRegistry.nameOf(modelId);
    const existing = await this.find(modelId, versionId);
    if (existing) return existing;
    const atMs = Math.round(millisecondsOf("at", at));
    const tags = tagsOf({ [MODEL_TAG]: modelId, [VERSION_TAG]: versionId, [SOURCE_TAG]: source });
    const { info } = await this.#runs.find(modelId, versionId, tags, atMs);
    const folder = `${info.artifact_uri.replace(/\/+$/, "")}/${MODEL_FOLDER}`;
    const path = artifactPath(this.#client.server, folder);
    await this.#runs.log(info.run_id, { params, metrics }, atMs);
    await this.#client.upload(`${path}/${WEIGHTS_FILE}`, artifact);
    await this.#runs.finish(info.run_id, atMs);
    await this.#createModel(modelId, name);
    // The last step: a version that MLflow lists is whole.
    const { model_version } = await this.#client.ask({
      method: "POST",
      path: "model-versions/create",
      what: `register ${versionId} of ${name}`,
      body: { name, source: folder, run_id: info.run_id, tags },
      answer: modelVersionAnswer,
    });
    return versionOf(versionId, model_version);
  }

  /** A version that is registered; undefined when it is not, or the model is not. */
  async find(modelId: string, versionId: string): Promise<RegisteredVersion | undefined> {
    const name = MlflowRegistry.nameOf(modelId);
    checkId("versionId", versionId);
    const { model_versions: [found] = [] } = await this.#client.ask({
      method: "GET",
      path: "model-versions/search",
      what: `look for ${versionId} of ${name}`,
      query: { filter: `name = '${name}' and tags.\`${VERSION_TAG}\` = '${versionId}'` },
      answer: modelVersionsAnswer,
    });
    return found && versionOf(versionId, found);
  }

  /** The version that an alias names; undefined when it names none. */
  async at(modelId: string, alias: Alias): Promise<RegisteredVersion | undefined> {
    const record = await this.#recordAt(MlflowRegistry.nameOf(modelId), alias);
    return record && versionOf(idIn(record), record);
  }

  /** Makes a registered version the champion. Throws VERSION_UNKNOWN. */
  async promote(modelId: string, versionId: string): Promise<void> {
    const { version } = await this.#known(modelId, versionId);
    await this.#setAlias(modelId, "champion", version);
  }

  /** Makes a registered version the challenger; undefined: there is none. Throws as `promote`. */
  async challenge(modelId: string, versionId: string | undefined): Promise<void> {
    if (versionId !== undefined) {
      const { version } = await this.#known(modelId, versionId);
      return this.#setAlias(modelId, "challenger", version);
    }
    if (!(await this.at(modelId, "challenger"))) return;
    await this.#client.ask({
      method: "DELETE",
      path: "registered-models/alias",
      what: `remove the challenger of ${modelId}`,
      body: { name: MlflowRegistry.nameOf(modelId), alias: "challenger" },
      answer: nothing,
    });
  }

  /**
   * Goes back: makes a registered version the champion, and marks the champion before it with the
   * tag `driftkeel.rolled_back` and the reason. Nothing when it is the champion. Throws
   * VERSION_UNKNOWN.
   */
  async rollback(modelId: string, versionId: string, reason = "rolled back"): Promise<void> {
    const { version } = await this.#known(modelId, versionId);
    const left = await this.at(modelId, "champion");
    if (left?.version === version) return;
    // First the mark: when this is cut short and asked for again, the champion is still the same.
    if (left) {
      const mark = { key: LEFT_TAG, value: tagText(reason) };
      const body = { name: MlflowRegistry.nameOf(modelId), version: left.version, ...mark };
      await this.#client.post("model-versions/set-tag", `mark version ${left.version}`, body);
    }
    await this.#setAlias(modelId, "champion", version);
  }

  /**
   * Loads the weights of a version and verifies them. Throws VERSION_UNKNOWN, SNAPSHOT_CORRUPT
   * (the artifact is not as it was written, or of another version).
   */
  async load(modelId: string, choice: VersionChoice): Promise<LoadedVersion> {
    const name = MlflowRegistry.nameOf(modelId);
    const record = await this.#chosen(modelId, name, choice);
    const versionId = idIn(record);
    const path = artifactPath(this.#client.server, record.source ?? "");
    const bytes = await this.#client.download(`${path}/${WEIGHTS_FILE}`);
    const snapshot = await decodeSnapshot(bytes);
    if (snapshot.versionId !== versionId || snapshot.modelId !== modelId) {
      const got = `version ${snapshot.versionId} of ${snapshot.modelId}`;
      const message = `Expected the artifact of ${versionId} of ${modelId}, got ${got}.`;
      throw new DriftkeelError("SNAPSHOT_CORRUPT", message);
    }
    const { weights, seed, kernelBuild, parent } = snapshot;
    const loaded = { ...versionOf(versionId, record), weights, seed, kernelBuild };
    return { ...loaded, ...(parent !== undefined && { parent }) };
  }

  async #chosen(modelId: string, name: string, choice: VersionChoice) {
    if ("alias" in choice) {
      const record = await this.#recordAt(name, choice.alias);
      if (record) return record;
      throw this.#unknown(`a version of ${name} with the alias ${choice.alias}`);
    }
    const { version } = await this.#known(modelId, choice.versionId);
    const { model_version } = await this.#client.ask({
      method: "GET",
      path: "model-versions/get",
      what: `tell of ${choice.versionId} of ${name}`,
      query: { name, version },
      answer: modelVersionAnswer,
    });
    return model_version;
  }

  async #known(modelId: string, versionId: string): Promise<RegisteredVersion> {
    const found = await this.find(modelId, versionId);
    if (found) return found;
    throw this.#unknown(`the version ${versionId} of ${MlflowRegistry.nameOf(modelId)}`);
  }

  #unknown(what: string): DriftkeelError {
    const message = `Expected MLflow at ${this.#client.server} to have ${what}, got none.`;
    return new DriftkeelError("VERSION_UNKNOWN", `${message} Register it first.`);
  }

  async #recordAt(name: string, alias: Alias): Promise<ModelVersionRecord | undefined> {
    const asked = this.#client.ask({
      method: "GET",
      path: "registered-models/alias",
      what: `tell the ${alias} of ${name}`,
      query: { name, alias },
      answer: modelVersionAnswer,
    });
    // An alias that is not there is a wrong parameter to MLflow, a model that is not there is not.
    const answer = await orUndefined(asked, /^(RESOURCE_DOES_NOT_EXIST|INVALID_PARAMETER_VALUE)$/);
    return answer?.model_version;
  }

  async #setAlias(modelId: string, alias: Alias, version: string): Promise<void> {
    const name = MlflowRegistry.nameOf(modelId);
    const what = `make version ${version} the ${alias} of ${name}`;
    await this.#client.post("registered-models/alias", what, { name, alias, version });
  }

  async #createModel(modelId: string, name: string): Promise<void> {
    const tags = tagsOf({ [MODEL_TAG]: modelId });
    const creating = this.#client.post("registered-models/create", `register ${name}`, {
      name,
      tags,
    });
    await orUndefined(creating, /^RESOURCE_ALREADY_EXISTS$/);
  }
}

function tagsOf(tags: Record<string, string | undefined>): { key: string; value: string }[] {
  return Object.entries(tags).flatMap(([key, value]) =>
    value === undefined ? [] : [{ key, value: tagText(value) }],
  );
}

function versionOf(versionId: string, record: ModelVersionRecord): RegisteredVersion {
  const { version, run_id: runId = "" } = record;
  return { versionId, version, runId };
}

/** Our id of a version; "" for one that somebody else registered. */
function idIn({ tags = [] }: ModelVersionRecord): string {
  return tags.find(({ key }) => key === VERSION_TAG)?.value ?? "";
}
