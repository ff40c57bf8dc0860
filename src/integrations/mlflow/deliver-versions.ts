// Brings what waits in an outbox to MLflow.

import { DriftkeelError, type Store } from "../../index.ts";
import type { MlflowRegistry } from "./mlflow-registry.ts";
import { artifactKey, type ChampionRecord, versionRecord } from "./version-records.ts";

/** What `deliverVersions` takes. */
export interface DeliverOptions {
  registry: Pick<MlflowRegistry, "challenge" | "find" | "promote" | "register" | "rollback">;
  /** The one that `registerVersions` was given. */
  spool: Store;
  /** Hears of a record that is passed over, since it could never be delivered. */
  onPassedOver?: (error: Error) => void;
}

/**
 * What an `Outbox` delivers versions with. Everything may come twice: a version is registered once,
 * and aliases end where the last record puts them.
 */
export function deliverVersions(
  options: DeliverOptions,
): (batch: readonly object[]) => Promise<void> {
  return async (batch) => {
    for (const record of batch) await deliver(record, options);
  };
}

async function deliver(value: object, options: DeliverOptions): Promise<void> {
  const { registry, onPassedOver } = options;
  const parsed = versionRecord.safeParse(value);
  if (!parsed.success) {
    onPassedOver?.(impossible("a record of a version", "something else"));
    return;
  }
  const record = parsed.data;
  if (record.kind === "champion") return crown(record, options);
  const { model_id, version_id } = record;
  // One from before anything was registered is no challenger that anybody could load.
  const isKnown = version_id !== null && (await registry.find(model_id, version_id)) !== undefined;
  await registry.challenge(model_id, isKnown ? version_id : undefined);
}

async function crown(record: ChampionRecord, options: DeliverOptions): Promise<void> {
  const { registry, spool, onPassedOver } = options;
  const { model_id: modelId, version_id: versionId, params, source } = record;
  const key = artifactKey(modelId, versionId);
  const artifact = await spool.read(key);
  if (artifact) {
    const metrics = Object.entries(record.metrics).map(([name, value]) => [name, Number(value)]);
    await registry.register(modelId, versionId, {
      artifact,
      params,
      metrics: Object.fromEntries(metrics),
      ...(source !== null && { source }),
      at: new Date(record.at),
    });
  } else if (!(await registry.find(modelId, versionId))) {
    onPassedOver?.(
      impossible(`the weights of ${versionId} of ${modelId}`, "neither here nor there"),
    );
    return;
  }
  if (record.change === "promotion") await registry.promote(modelId, versionId);
  else await registry.rollback(modelId, versionId, record.reason);
  await spool.remove(key);
}

function impossible(expected: string, got: string): DriftkeelError {
  const message = `Expected ${expected} on its way to MLflow, got ${got}; it is passed over.`;
  return new DriftkeelError("FILE_CORRUPT", message);
}
