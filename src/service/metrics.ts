// Numbers for Prometheus: what the models did, counted from their events, and the process itself.

import { Counter, collectDefaultMetrics, Histogram, Registry } from "prom-client";
import { monotonicMs } from "../foundation.ts";
import type { LearnerEvent } from "../index.ts";

/** Seconds; an update takes milliseconds for a small network and minutes for a large one. */
const BUCKETS = [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60, 300, 1800, 3600];

type Outcome = "promoted" | "rejected" | "skipped" | "failed";

/** The events that end an update. */
const OUTCOME_OF: Partial<Record<LearnerEvent["type"], Outcome>> = {
  promoted: "promoted",
  "candidate-rejected": "rejected",
  "update-skipped": "skipped",
  "update-failed": "failed",
};

/** The metrics of one service; each has the label `model`. They start at 0 with the process. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #updates = this.#counter("updates", "Updates that ended.", ["model", "outcome"]);
  readonly #rollbacks = this.#counter("rollbacks", "Returns to an earlier version.");
  readonly #feedback = this.#counter("feedback", "Samples that were made durable and learned.");
  readonly #predictions = this.#counter("predictions", "Predictions given.");
  readonly #driftAlerts = this.#counter("drift_alerts", "Drift alerts.");
  readonly #duration = new Histogram({
    name: "driftkeel_update_duration_seconds",
    help: "From the start of an update to its end, in seconds.",
    labelNames: ["model"],
    buckets: BUCKETS,
    registers: [this.#registry],
  });
  /** When the update under way began, by model. */
  readonly #startedAtMs = new Map<string, number>();

  constructor(models: readonly string[]) {
    collectDefaultMetrics({ register: this.#registry });
    for (const model of models) {
      const all = [this.#rollbacks, this.#feedback, this.#predictions, this.#driftAlerts];
      for (const counter of all) counter.inc({ model }, 0);
      for (const outcome of Object.values(OUTCOME_OF)) this.#updates.inc({ model, outcome }, 0);
    }
  }

  /** Counts an event. */
  observe({ type, modelId: model }: LearnerEvent): void {
    if (type === "drift-detected") this.#driftAlerts.inc({ model });
    if (type === "rolled-back") this.#rollbacks.inc({ model });
    if (type === "update-started") this.#startedAtMs.set(model, monotonicMs());
    const outcome = OUTCOME_OF[type];
    if (!outcome) return;
    this.#updates.inc({ model, outcome });
    const startedAtMs = this.#startedAtMs.get(model);
    this.#startedAtMs.delete(model);
    if (startedAtMs === undefined) return;
    this.#duration.observe({ model }, (monotonicMs() - startedAtMs) / 1000);
  }

  /** Counts a prediction. */
  countPrediction(model: string): void {
    this.#predictions.inc({ model });
  }

  /** Counts samples that were learned. */
  countFeedback(model: string, samples: number): void {
    this.#feedback.inc({ model }, samples);
  }

  /** The media type of `text`. */
  get contentType(): string {
    return this.#registry.contentType;
  }

  /** All metrics in the format of Prometheus. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  #counter(name: string, help: string, labelNames = ["model"]): Counter {
    const registers = [this.#registry];
    return new Counter({ name: `driftkeel_${name}_total`, help, labelNames, registers });
  }
}
