// The numbers in a learner's events, as metrics.

import type { LearnerEvent } from "../../index.ts";
import type { ForwardedRecord } from "./forwarded-records.ts";
import type { MetricPoint } from "./postgres-metrics-store.ts";

/** The events that count; others are too many, or say nothing in numbers. */
const COUNTED: readonly LearnerEvent["type"][] = [
  "drift-detected",
  "update-failed",
  "candidate-rejected",
  "promoted",
  "rolled-back",
];

/**
 * `<type>` with the value 1 for an event that counts, so that the counts of days are their numbers,
 * and `<type>.<name>` for each finite measurement. Events without a number give none.
 */
export function metricsOf(event: LearnerEvent): MetricPoint[] {
  if (!COUNTED.includes(event.type)) return [];
  const measured = "measurements" in event ? Object.entries(event.measurements) : [];
  const numbers: [string, number][] = [[event.type, 1]];
  if (event.type === "drift-detected") numbers.push([`${event.type}.value`, event.value]);
  for (const [name, value] of measured) numbers.push([`${event.type}.${name}`, value]);
  return numbers
    .filter(([, value]) => Number.isFinite(value))
    .map(([name, value]) => ({
      time: event.at,
      modelId: event.modelId,
      name: name.slice(0, 128).replaceAll("\0", "_"),
      value,
    }));
}

/** Points as a record for an `Outbox` that delivers with `deliverRows`. */
export function metricsForOutbox(points: readonly MetricPoint[]): object {
  return {
    kind: "metrics",
    points: points.map(({ time, modelId, name, value }) => ({
      time_ms: Number(time),
      model_id: modelId,
      name,
      value,
    })),
  } satisfies ForwardedRecord;
}
