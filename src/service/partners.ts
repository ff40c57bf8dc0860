// MLflow and PostgreSQL of a service: what models tell them, through an outbox for each.

import type { Clock, LearnerEvent, SampleStore } from "../index.ts";
import { type MlflowSettings, ServedVersions } from "../integrations/mlflow/index.ts";
import type { OutboxStatus } from "../integrations/outbox/index.ts";
import { type PostgresSettings, ServedRows } from "../integrations/timescale/index.ts";
import type { HostedModel } from "./hosted-model.ts";

/** Where partners are, for those that there are. */
export interface PartnerSettings {
  mlflow: MlflowSettings | undefined;
  postgres: PostgresSettings | undefined;
}

/** The partners of one service; none of them stops it when it is away. */
export class Partners {
  readonly #versions: ServedVersions | undefined;
  readonly #rows: ServedRows | undefined;

  private constructor(versions: ServedVersions | undefined, rows: ServedRows | undefined) {
    this.#versions = versions;
    this.#rows = rows;
  }

  /** Throws DRIVER_MISSING, STORE_LOCKED, FILE_CORRUPT, FILE_FAILED. */
  static async open(
    { mlflow, postgres }: PartnerSettings,
    { baseDir, now }: { baseDir: string; now: Clock },
  ): Promise<Partners> {
    const rows = postgres && (await ServedRows.open({ settings: postgres, baseDir, now }));
    try {
      const versions = mlflow && (await ServedVersions.open({ settings: mlflow, baseDir, now }));
      return new Partners(versions, rows);
    } catch (error) {
      await rows?.close();
      throw error;
    }
  }

  /** How each outbox stands, by the name of the partner. */
  get outboxes(): [string, () => OutboxStatus][] {
    const [rows, versions] = [this.#rows, this.#versions];
    return [
      ...(versions ? [["mlflow", () => versions.status()] as [string, () => OutboxStatus]] : []),
      ...(rows ? [["postgres", () => rows.status()] as [string, () => OutboxStatus]] : []),
    ];
  }

  /** Where samples of models are kept; undefined: beside the models. */
  get samplesOf(): ((modelId: string, capacity: number) => SampleStore) | undefined {
    const rows = this.#rows;
    return rows && ((modelId, capacity) => rows.samplesOf(modelId, capacity));
  }

  /** For `keepEvents` of the models. */
  async keep(events: readonly LearnerEvent[]): Promise<void> {
    await this.#rows?.keep(events);
  }

  /** Follows the versions of models from now on. */
  async follow(models: readonly HostedModel[]): Promise<void> {
    await this.#versions?.follow(models);
  }

  /** Tells `listener` of outages and of what was passed over. */
  onFailure(listener: (partner: string, error: unknown) => void): void {
    if (this.#versions) this.#versions.onFailure = (error) => listener("mlflow", error);
    if (this.#rows) this.#rows.onFailure = (error) => listener("postgres", error);
  }

  /** After the models: what partners do not have yet waits for the next start. */
  async close(): Promise<void> {
    try {
      await this.#versions?.close();
    } finally {
      await this.#rows?.close();
    }
  }
}
