// The event that the topic `model_updates` gets for every update that has ended: one record,
// snake_case throughout.

import type { LearnerEvent, Measurements } from "../../index.ts";
import type { OutgoingMessage } from "./kafka-client.ts";

/** How an update ended. */
export type ModelUpdateEnd = "promoted" | "rejected" | "rolled_back" | "failed" | "cancelled";

/** What an event says. */
export interface ModelUpdateEvent {
  event_type: "model_update";
  /** ISO 8601. */
  timestamp: string;
  model_id: string;
  /** `online-update` and `scheduled-update` are jobs, the others the learner's own. */
  update_type: "online-update" | "scheduled-update" | "drift" | "trigger" | "request" | "unknown";
  /** What it was trained on; null when the samples bring no timestamps. */
  data_window: { start: string; end: string } | null;
  /** Sharpe ratios, annual; null for a model without P&L. */
  performance_metrics: {
    sharpe_pre: number | null;
    sharpe_post: number | null;
    /** Percent. */
    degradation_pct: number | null;
  } | null;
  stability_check: "passed" | "failed" | "not applicable" | "off";
  outcome: ModelUpdateEnd;
  /** The new version; after a rollback the one that was taken back. */
  version_id: string | null;
  job_id: string | null;
}

/** An event, and what tells doubles of it: the same for the same end of the same update. */
export interface IdentifiedEvent {
  id: string;
  event: ModelUpdateEvent;
}

/** An event as a message: keyed by the model, so that those of one model stay in order. */
export function messageOf(topic: string, { id, event }: IdentifiedEvent): OutgoingMessage {
  return {
    topic,
    key: event.model_id,
    value: JSON.stringify(event),
    headers: { event_id: id },
  };
}

/** What is known of an update while it runs. */
interface UpdateUnderWay {
  type: ModelUpdateEvent["update_type"];
  window: ModelUpdateEvent["data_window"];
}

/** Makes events of what one learner tells; `sampleId`: of the sample that it learns. */
export class LearnerUpdates {
  readonly #sampleId: () => string | undefined;
  #update: UpdateUnderWay | undefined;

  constructor(sampleId: () => string | undefined = () => undefined) {
    this.#sampleId = sampleId;
  }

  /** The event that this makes; undefined for what ends no update. */
  hear(happening: LearnerEvent): IdentifiedEvent | undefined {
    switch (happening.type) {
      case "update-started":
        this.#update = { type: happening.reason, window: windowOf(happening.trainedOn) };
        return undefined;
      case "candidate-rejected":
        return this.#end(happening, "rejected", null, happening.measurements);
      case "update-failed":
        return this.#end(happening, "failed", null, {});
      case "promoted": {
        const { versionId, measurements } = happening;
        // The first version of a model is no update of it.
        if (!this.#update && happening.reason === FIRST_VERSION) return undefined;
        return this.#end(happening, "promoted", versionId, measurements);
      }
      case "rolled-back":
        this.#update = undefined;
        return this.#end(happening, "rolled_back", happening.from, {});
      default:
        return undefined;
    }
  }

  #end(
    { at, modelId }: LearnerEvent,
    outcome: ModelUpdateEnd,
    versionId: string | null,
    measurements: Measurements,
  ): IdentifiedEvent {
    const { type = "unknown", window = null } = this.#update ?? {};
    this.#update = undefined;
    const timestamp = new Date(at).toISOString();
    const performance = performanceOf(measurements);
    const checked = outcome === "rejected" ? rejectedBy(measurements) : "passed";
    return {
      id: eventId(modelId, outcome, versionId ?? `${at}/${this.#sampleId() ?? ""}`),
      event: {
        event_type: "model_update",
        timestamp,
        model_id: modelId,
        update_type: type,
        data_window: window,
        performance_metrics: performance,
        stability_check: performance ? checked : "not applicable",
        outcome,
        version_id: versionId,
        job_id: null,
      },
    };
  }
}

/** As `LearnerKeeper` tells the first version. */
const FIRST_VERSION = "the model's first version";

/** what: the version, or what else tells this end of an update from others. */
export function eventId(modelId: string, outcome: ModelUpdateEnd, what: string): string {
  return `${modelId}/${outcome}/${what}`;
}

function windowOf(span: { from: Date; to: Date } | undefined): ModelUpdateEvent["data_window"] {
  return span ? { start: span.from.toISOString(), end: span.to.toISOString() } : null;
}

function performanceOf(measurements: Measurements): ModelUpdateEvent["performance_metrics"] {
  const { sharpeBefore: pre, sharpeAfter: post } = measurements;
  if (pre === undefined || post === undefined) return null;
  const finite = (value: number) => (Number.isFinite(value) ? value : null);
  const degradation = pre === 0 ? null : finite(((pre - post) / Math.abs(pre)) * 100);
  return { sharpe_pre: finite(pre), sharpe_post: finite(post), degradation_pct: degradation };
}

/** The check comes last: measurements of it in a rejection are of the one that failed. */
function rejectedBy({ sharpeAfter }: Measurements): "failed" | "passed" {
  return sharpeAfter === undefined ? "passed" : "failed";
}
