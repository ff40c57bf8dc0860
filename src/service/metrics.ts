// Numbers for Prometheus: what the models did, how they stand, and the process itself.

import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import { clock, millisecondsOf } from "../foundation.ts";
import type {
  Clock,
  DryRunOutcome,
  LearnerEvent,
  Observation,
  Sample,
  UpdateOutcome,
} from "../index.ts";
import { addOutboxGauges, type Outboxes } from "./metrics/outbox-gauges.ts";
import { Vitals } from "./metrics/vitals.ts";

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

/** Of a dry run alone, where an update would have been promoted. */
const ACCEPTED = "accepted";

/** States of a job that has not ended, shown from the start. */
const JOB_STATES = ["queued", "running", "evaluating"];

/** What became of a message to the webhook. */
export const MESSAGE_ENDS = ["delivered", "failed", "dropped"] as const;

/** One of the ends of a message. */
export type MessageEnd = (typeof MESSAGE_ENDS)[number];

/** Sums over a label of other metrics, and gauges in spite of their names, which mean counters. */
const MISNAMED = ["handles", "requests", "resources"].map((what) => `nodejs_active_${what}_total`);

/** Metrics with one value for each model, read when somebody asks. */
const GAUGES: readonly [name: string, help: string, read: (vitals: Vitals) => number][] = [
  [
    "degradation_ratio",
    "Share of the Sharpe ratio, or of the loss without one, that the last promotion took.",
    ({ degradation }) => degradation,
  ],
  [
    "ewc_penalty",
    "EWC penalty at the last step of the last training; 0 without EWC.",
    ({ ewcPenalty }) => ewcPenalty,
  ],
  [
    "fisher_max",
    "Largest element of the Fisher that the last update was held to.",
    ({ fisher }) => fisher.max,
  ],
  ["fisher_median", "Median element of that Fisher.", ({ fisher }) => fisher.median],
  [
    "fisher_change_ratio",
    "Factor, at least 1, between the largest elements of the last two such Fishers.",
    ({ fisher }) => fisher.change,
  ],
  [
    "feedback_lag_seconds",
    "Age of the newest sample that was learned; before the first one, of the service.",
    ({ feedbackLagSeconds }) => feedbackLagSeconds,
  ],
  [
    "update_running_seconds",
    "Time that the update under way has been running; 0 while there is none.",
    ({ updateSeconds }) => updateSeconds,
  ],
  [
    "failed_updates_in_a_row",
    "Updates that failed since one was judged; cancelled ones are passed over.",
    ({ failedInARow }) => failedInARow,
  ],
];

/** The metrics of one service; nearly all have the label `model`. They start with the process. */
export class Metrics {
  /** What the gauges are read from, by model. */
  readonly vitals: ReadonlyMap<string, Vitals>;
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
  readonly #registry = new Registry();
  readonly #updates = this.#counter("updates", "Updates that ended.", ["model", "outcome"]);
  readonly #rollbacks = this.#counter("rollbacks", "Returns to an earlier version.");
  readonly #feedback = this.#counter("feedback", "Samples that were made durable.");
  readonly #predictions = this.#counter("predictions", "Predictions given.");
  readonly #driftAlerts = this.#counter("drift_alerts", "Drift alerts.");
  readonly #messages = this.#counter("alert_messages", "Messages for the webhook.", ["outcome"]);
  readonly #duration = new Histogram({
    name: "driftkeel_update_duration_seconds",
    help: "From the start of an update to its end, in seconds.",
    labelNames: ["model"],
    buckets: BUCKETS,
    registers: [this.#registry],
  });
  readonly #jobs = this.#gauge("job_queue", "Update jobs that have not ended.", ["state"]);
  readonly #jobStates = new Set(JOB_STATES);
  readonly #listeners = new Set<(model: string) => void>();

  /** models: their ids. now: default the system's clock. */
  constructor(models: readonly string[], now?: Clock) {
    const read = clock.parse(now);
    const nowMs = () => millisecondsOf("now()", read());
    this.nowMs = nowMs;
    this.vitals = new Map(models.map((model) => [model, new Vitals({ nowMs })]));
    this.#addVitals();
    collectDefaultMetrics({ register: this.#registry });
    for (const name of MISNAMED) this.#registry.removeSingleMetric(name);
    for (const model of models) {
      const all = [this.#rollbacks, this.#feedback, this.#predictions, this.#driftAlerts];
      for (const counter of all) counter.inc({ model }, 0);
      for (const outcome of [...Object.values(OUTCOME_OF), ACCEPTED]) {
        this.#updates.inc({ model, outcome }, 0);
      }
      for (const state of JOB_STATES) this.#jobs.set({ model, state }, 0);
      this.#duration.zero({ model });
    }
    for (const outcome of MESSAGE_ENDS) this.#messages.inc({ outcome }, 0);
  }

  /** Counts an event. */
  observe(event: LearnerEvent): void {
    const { type, modelId: model } = event;
    if (type === "update-progressed") return;
    if (type === "drift-detected") this.#driftAlerts.inc({ model });
    if (type === "rolled-back") this.#rollbacks.inc({ model });
    const outcome = OUTCOME_OF[type];
    if (outcome) this.#updates.inc({ model, outcome });
    this.#time(model, this.vitals.get(model)?.hear(event));
    this.#tell(model);
  }

  /** Takes in a sample that was learned, and the update that it led to. */
  observeSample(model: string, observation: Observation, sample: Sample): void {
    this.vitals.get(model)?.takeSample(observation, sample);
    if (observation.update) this.observeUpdate(model, observation.update);
  }

  /**
   * Takes in how an update ended. The same outcome twice counts once. isDryRun: known without it
   * of an accepted one alone; what a dry run measured is nobody's state.
   */
  observeUpdate(
    model: string,
    outcome: UpdateOutcome | DryRunOutcome,
    isDryRun: boolean = outcome.outcome === ACCEPTED,
  ): void {
    const vitals = this.vitals.get(model);
    if (!vitals?.isFirstSeen(outcome)) return;
    if (outcome.outcome === ACCEPTED) this.#updates.inc({ model, outcome: ACCEPTED });
    this.#time(model, vitals.takeUpdate(outcome, isDryRun));
    this.#tell(model);
  }

  /** Shows how many jobs of a model are in which state; a state that is left out has none. */
  setJobs(model: string, byState: Record<string, number>): void {
    for (const state of Object.keys(byState)) this.#jobStates.add(state);
    for (const state of this.#jobStates) this.#jobs.set({ model, state }, byState[state] ?? 0);
  }

  /** Counts a prediction. */
  countPrediction(model: string): void {
    this.#predictions.inc({ model });
  }

  /** Counts samples that are durable. */
  countFeedback(model: string, samples: number): void {
    this.#feedback.inc({ model }, samples);
  }

  /** Counts a message for the webhook. */
  countMessage(outcome: MessageEnd): void {
    this.#messages.inc({ outcome });
  }

  /** Calls `listener` after every event and every update, until what it returns is called. */
  listen(listener: (model: string) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** Shows how the outbox of each partner stands, from now on. */
  watchOutboxes(outboxes: Outboxes): void {
    if (outboxes.size > 0) addOutboxGauges(this.#registry, outboxes, this.nowMs);
  }

  /** The media type of `text`. */
  get contentType(): string {
    return this.#registry.contentType;
  }

  /** All metrics in the format of Prometheus. */
  async text(): Promise<string> {
    const text = await this.#registry.metrics();
    return text.replace(/ Nan$/gm, " NaN"); // the format's spelling; prom-client has its own
  }

  #addVitals(): void {
    for (const [name, help, read] of GAUGES) {
      this.#gauge(name, help, [], (gauge) => {
        for (const [model, vitals] of this.vitals) gauge.set({ model }, read(vitals));
      });
    }
    const help =
      "Annual Sharpe ratio: before and after the last update as it was judged, and live of " +
      "recent samples; NaN for a model without P&L.";
    this.#gauge("sharpe_ratio", help, ["phase"], (gauge) => {
      for (const [model, { sharpe, liveSharpe }] of this.vitals) {
        const phases = { ...sharpe, live: liveSharpe };
        for (const [phase, ratio] of Object.entries(phases)) gauge.set({ model, phase }, ratio);
      }
    });
  }

  #time(model: string, seconds: number | undefined): void {
    if (seconds !== undefined) this.#duration.observe({ model }, seconds);
  }

  #tell(model: string): void {
    for (const listener of this.#listeners) listener(model);
  }

  #counter(name: string, help: string, labelNames = ["model"]): Counter {
    const registers = [this.#registry];
    return new Counter({ name: `driftkeel_${name}_total`, help, labelNames, registers });
  }

  /** collect: called before each reading. */
  #gauge(
    name: string,
    help: string,
    labels: readonly string[],
    collect: (gauge: Gauge) => void = () => {},
  ): Gauge {
    return new Gauge({
      name: `driftkeel_${name}`,
      help,
      labelNames: ["model", ...labels],
      registers: [this.#registry],
      collect() {
        collect(this);
      },
    });
  }
}
