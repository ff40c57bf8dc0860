// Tells what happens: at once to whoever listens, and durably to the audit log.

import type { EventBody, LearnerEvent } from "../events.ts";
import type { AuditEventType } from "../store/audit-line.ts";
import type { AuditEntry, AuditLog } from "../store/audit-log.ts";
import type { VersionChange } from "../store/current-record.ts";
import { EventStream } from "./event-stream.ts";

/** The events that are audited; the others are of the moment. */
const AUDITED: Partial<Record<EventBody["type"], AuditEventType>> = {
  "drift-detected": "drift",
  "update-started": "trigger",
  "update-skipped": "update",
  "update-failed": "update",
  "candidate-rejected": "validation",
  "candidate-accepted": "validation",
  promoted: "promotion",
  "rolled-back": "rollback",
  "probation-ended": "validation",
  frozen: "safe-mode",
  unfrozen: "safe-mode",
};

/** Names on disk of members that have another in TypeScript. */
const DISK_NAMES: Record<string, string> = {
  versionId: "version_id",
  trainedOn: "trained_on",
};

/** Events of one learner, in order. */
export class LearnerTrace {
  readonly events = new EventStream<LearnerEvent>();
  readonly #modelId: string;
  readonly #nowMs: () => number;
  readonly #audit: AuditLog | undefined;
  /** Not yet in the log: a write that failed is tried again before anything else is logged. */
  #pending: AuditEntry[] = [];

  constructor(modelId: string, nowMs: () => number, audit: AuditLog | undefined) {
    this.#modelId = modelId;
    this.#nowMs = nowMs;
    this.#audit = audit;
  }

  /** Tells listeners; the audit log has it after the next `settle`. */
  emit(event: EventBody): void {
    const at = this.#nowMs();
    this.events.emit({ at, modelId: this.#modelId, ...event });
    const eventType = AUDITED[event.type];
    if (eventType) this.#pending.push(entryOf(eventType, at, this.#modelId, event));
  }

  /** Notes a job of the learner itself, such as being opened, in the audit log alone. */
  note(outcome: string, details: Record<string, unknown>): void {
    const timestamp = this.#nowMs();
    const all = { model_id: this.#modelId, ...details };
    this.#pending.push({ eventType: "job", outcome, timestamp, details: all });
  }

  /** Whether the audit log tells of a change of the pointer; true without a log. */
  async tells({ kind, versionId, at }: VersionChange): Promise<boolean> {
    const events = await this.#audit?.readAll();
    if (!events) return true;
    return events.some(
      ({ eventType, timestamp, details }) =>
        eventType === kind &&
        timestamp >= at &&
        (details?.version_id === versionId || details?.to === versionId),
    );
  }

  /** Resolves once everything told so far is in the audit log. Throws FILE_FAILED, STORE_LOCKED. */
  async settle(): Promise<void> {
    if (!this.#audit) this.#pending = [];
    while (this.#pending.length > 0) {
      await this.#audit?.log(this.#pending[0]!);
      this.#pending.shift();
    }
  }

  /** Ends every listener's loop and gives the log free. */
  async close(): Promise<void> {
    this.events.close();
    await this.#audit?.close();
  }
}

function entryOf(
  eventType: AuditEventType,
  at: number,
  modelId: string,
  event: EventBody,
): AuditEntry {
  const { type, ...members } = event;
  const details: Record<string, unknown> = { model_id: modelId };
  for (const [name, value] of Object.entries(members)) details[DISK_NAMES[name] ?? name] = value;
  return { eventType, outcome: type, timestamp: at, details };
}
