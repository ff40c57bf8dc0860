// Brings what waits in an outbox to PostgreSQL.

import { DriftkeelError } from "../../index.ts";
import type { DatabaseOnDemand } from "./database-on-demand.ts";
import { type ForwardedRecord, forwardedRecord, fromWire, pointsOf } from "./forwarded-records.ts";
import { PostgresMetricsStore } from "./postgres-metrics-store.ts";
import { PostgresSampleStore } from "./postgres-sample-store.ts";

/** What `deliverRows` takes. */
export interface DeliverRowsOptions {
  database: Pick<DatabaseOnDemand, "get">;
  /** Hears of a record that is passed over, since it could never be delivered. */
  onPassedOver?: (error: Error) => void;
}

/** What an `Outbox` delivers samples and metrics with. What comes twice is kept once. */
export function deliverRows(
  options: DeliverRowsOptions,
): (batch: readonly object[]) => Promise<void> {
  return async (batch) => {
    for (const value of batch) {
      const parsed = forwardedRecord.safeParse(value);
      if (parsed.success) await deliver(parsed.data, options);
      else options.onPassedOver?.(strangeRecord());
    }
  };
}

async function deliver(record: ForwardedRecord, options: DeliverRowsOptions): Promise<void> {
  const database = await options.database.get();
  if (record.kind === "metrics") {
    await new PostgresMetricsStore({ database }).record(pointsOf(record));
    return;
  }
  const { model_id: modelId, capacity, sender, sequence, samples } = record;
  const store = new PostgresSampleStore({ database, modelId, capacity });
  await store.appendOnce(samples.map(fromWire), { sender, sequence });
}

function strangeRecord(): DriftkeelError {
  const message =
    "Expected samples or metrics on their way to PostgreSQL, got something else; that is left out.";
  return new DriftkeelError("FILE_CORRUPT", message);
}
