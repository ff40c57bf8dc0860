// The public API of `driftkeel/timescale`: samples and metrics in PostgreSQL or TimescaleDB.

export type { OutboxOptions, OutboxStatus } from "../outbox/index.ts";
export { Outbox } from "../outbox/index.ts";
export { DatabaseOnDemand } from "./database-on-demand.ts";
export type { DeliverRowsOptions } from "./deliver-rows.ts";
export { deliverRows } from "./deliver-rows.ts";
export { metricsForOutbox, metricsOf } from "./event-metrics.ts";
export type { ForwardedSampleStoreOptions } from "./forwarded-sample-store.ts";
export { ForwardedSampleStore } from "./forwarded-sample-store.ts";
export { PostgresDatabase } from "./postgres-database.ts";
export type { MetricDay, MetricPoint, MetricWindow } from "./postgres-metrics-store.ts";
export { PostgresMetricsStore } from "./postgres-metrics-store.ts";
export type { PostgresOptions } from "./postgres-options.ts";
export type { Delivery, PostgresSampleStoreOptions } from "./postgres-sample-store.ts";
export { PostgresSampleStore } from "./postgres-sample-store.ts";
export type { PostgresSettings } from "./serve-rows.ts";
export { postgresIn, ServedRows } from "./serve-rows.ts";
