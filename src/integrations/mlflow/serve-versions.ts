// The versions of all models of a service, on their way to MLflow; the member `mlflow` of its file.

import { join } from "node:path";
import * as z from "zod/mini";
import { parseOptions } from "../../foundation.ts";
import { type Clock, DriftkeelRangeError, FileStore, type OnlineLearner } from "../../index.ts";
import { Outbox, type OutboxStatus } from "../outbox/index.ts";
import { deliverVersions } from "./deliver-versions.ts";
import { type MlflowOptions, parseMlflowOptions } from "./mlflow-options.ts";
import { MlflowRegistry } from "./mlflow-registry.ts";
import { type Following, registerVersions } from "./register-versions.ts";

const MOST_WAITING = 1_000_000;
const WAITING = `an integer from 1 to ${MOST_WAITING}`;
/** Few records at a time: each may bring weights, and all of them come again after a failure. */
const BATCH = 4;

const inFile = z.strictObject({
  mlflow: z.strictObject({
    url: z.string(),
    token_env: z.optional(z.string()),
    user: z.optional(z.string()),
    password_env: z.optional(z.string()),
    experiment: z.optional(z.string()),
    timeout_ms: z.optional(z.int()),
    transfer_timeout_ms: z.optional(z.int()),
    outbox_capacity: z._default(
      z.int(WAITING).check(z.minimum(1, WAITING), z.maximum(MOST_WAITING, WAITING)),
      10_000,
    ),
  }),
});

/** The member `mlflow`, with its secret. */
export interface MlflowSettings {
  registry: MlflowOptions;
  outboxCapacity: number;
}

/**
 * The member `mlflow` of a configuration file; undefined when there is none. name: what messages
 * call the file; environment: holds the secret that the file names. Throws OPTION_INVALID,
 * OPTION_UNKNOWN.
 */
export function mlflowIn(
  name: string,
  text: string,
  environment: Readonly<Record<string, string | undefined>>,
): MlflowSettings | undefined {
  const json = JSON.parse(text) as { mlflow?: unknown };
  if (!Object.hasOwn(json, "mlflow")) return undefined;
  const { mlflow } = parseOptions(name, inFile, { mlflow: json.mlflow });
  const secret = (member: "token_env" | "password_env") => {
    const variable = mlflow[member];
    if (variable === undefined || environment[variable]) return variable && environment[variable];
    throw new DriftkeelRangeError(
      "OPTION_INVALID",
      `Expected ${name} option "mlflow.${member}" to name an environment variable that holds the ` +
        "secret, got one that is not set.",
    );
  };
  const { url, user, experiment, timeout_ms, transfer_timeout_ms } = mlflow;
  const [token, password] = [secret("token_env"), secret("password_env")];
  const registry: MlflowOptions = {
    url,
    ...(token !== undefined && { token }),
    ...(user !== undefined && { user }),
    ...(password !== undefined && { password }),
    ...(experiment !== undefined && { experiment }),
    ...(timeout_ms !== undefined && { timeoutMs: timeout_ms }),
    ...(transfer_timeout_ms !== undefined && { transferTimeoutMs: transfer_timeout_ms }),
  };
  parseMlflowOptions(registry);
  return { registry, outboxCapacity: mlflow.outbox_capacity };
}

/** A model of a service. */
export interface ServedModel {
  id: string;
  /** The learner's folder. */
  path: string;
  learner: Pick<OnlineLearner, "events" | "status">;
  /** As the file declares it: told as parameters of every version. */
  config: object;
}

/** Registers what every model promotes and goes back to. */
export class ServedVersions {
  /** Hears of what is no reason to stop: an outage, a version that was evicted too early. */
  onFailure: (error: unknown) => void = () => {};
  readonly #spool: FileStore;
  readonly #outbox: Outbox;
  readonly #following: Following[] = [];

  private constructor(spool: FileStore, outbox: Outbox) {
    this.#spool = spool;
    this.#outbox = outbox;
  }

  /**
   * The outbox is in `<baseDir>/.outbox/mlflow`; weights wait in `mlflow-weights` beside it. Throws
   * STORE_LOCKED, FILE_CORRUPT, FILE_FAILED; not when MLflow is away.
   */
  static async open(options: {
    settings: MlflowSettings;
    baseDir: string;
    now: Clock;
  }): Promise<ServedVersions> {
    const { settings, baseDir, now } = options;
    const folder = join(baseDir, ".outbox");
    const spool = await FileStore.open({ storagePath: join(folder, "mlflow-weights") });
    let versions: ServedVersions | undefined;
    const onFailure = (error: unknown) => versions?.onFailure(error);
    const registry = new MlflowRegistry(settings.registry);
    let store: FileStore | undefined;
    try {
      store = await FileStore.open({ storagePath: join(folder, "mlflow") });
      const outbox = await Outbox.open({
        store,
        deliver: deliverVersions({ registry, spool, onPassedOver: onFailure }),
        onFailure,
        capacity: settings.outboxCapacity,
        batchSize: BATCH,
        now,
      });
      versions = new ServedVersions(spool, outbox);
      return versions;
    } catch (error) {
      await store?.close();
      await spool.close();
      throw error;
    }
  }

  /** Follows models from now on, and catches up with what they did before. */
  async follow(models: readonly ServedModel[]): Promise<void> {
    for (const { id: modelId, path: storagePath, learner, config } of models) {
      const following = await registerVersions({
        learner,
        modelId,
        storagePath,
        spool: this.#spool,
        outbox: this.#outbox,
        params: Object.fromEntries(flatten("", config)),
        onFailure: (error) => this.onFailure(error),
      });
      this.#following.push(following);
    }
  }

  /** How the outbox stands. */
  status(): OutboxStatus {
    return this.#outbox.status();
  }

  /** Keeps what is under way; what MLflow does not have yet waits for the next start. */
  async close(): Promise<void> {
    for (const following of this.#following) await following.close();
    await this.#outbox.close();
    await this.#spool.close();
  }
}

/** `network.layers.0.size`: the leaves of an object by their path. */
function flatten(path: string, value: unknown): [string, string][] {
  if (typeof value !== "object" || value === null) {
    return value === undefined ? [] : [[path, String(value)]];
  }
  return Object.entries(value).flatMap(([name, each]) =>
    flatten(path === "" ? name : `${path}.${name}`, each),
  );
}
