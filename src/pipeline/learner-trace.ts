// Tells what happens: at once to whoever listens, and durably to the audit log.

import type { EventBody, LearnerEvent } from "../events.ts";
import type { AuditEvent, AuditEventType } from "../store/audit-line.ts";
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

type KeepEvents = (events: readonly LearnerEvent[]) => Promise<void>;

/** Events that are looked at first, and in each further step. */
const [FIRST_PAGE, LARGER_PAGE] = [64, 10_000];

/** Events of one learner, in order. */
export class LearnerTrace {
  readonly events = new EventStream<LearnerEvent>();
  readonly #modelId: string;
  readonly #nowMs: () => number;
  readonly #audit: AuditLog | undefined;
  /** Not yet in the log: a write that failed is tried again before anything else is logged. */
  #pending: AuditEntry[] = [];
  readonly #keep: KeepEvents | undefined;
  /** Not yet kept by whoever asked to. */
  #unkept: LearnerEvent[] = [];

  constructor(
    modelId: string,
    nowMs: () => number,
    audit: AuditLog | undefined,
    keep: KeepEvents | undefined,
  ) {
    this.#modelId = modelId;
    this.#nowMs = nowMs;
    this.#audit = audit;
    this.#keep = keep;
  }

  /** Tells listeners; the audit log has it after the next `settle`. */
  emit(event: EventBody): void {
    const at = this.#nowMs();
    const happening = { at, modelId: this.#modelId, ...event };
    this.events.emit(happening);
    const eventType = AUDITED[event.type];
    if (!eventType) return;
    this.#pending.push(entryOf(eventType, at, this.#modelId, event));
    if (this.#keep) this.#unkept.push(happening);
  }

  /** Notes a job of the learner itself, such as being opened, in the audit log alone. */
  note(outcome: string, details: Record<string, unknown>): void {
    const timestamp = this.#nowMs();
    const all = { model_id: this.#modelId, ...details };
    this.#pending.push({ eventType: "job", outcome, timestamp, details: all });
  }

  /** Whether the audit log tells of a change of the pointer; true without a log. */
  async tells({ kind, versionId, at }: VersionChange): Promise<boolean> {
    if (!this.#audit) return true;
    const isIt = ({ eventType, timestamp, details }: AuditEvent) =>
      eventType === kind &&
      timestamp >= at &&
      (details?.version_id === versionId || details?.to === versionId);
    // It is among the newest events, unless a crash came before it.
    for (let before: number | undefined, limit = FIRST_PAGE; ; limit = LARGER_PAGE) {
      const page = await this.#audit.readPage({ limit, ...(before !== undefined && { before }) });
      if (page.some(isIt)) return true;
      before = page.at(-1)?.seq;
      if (!before) return false;
    }
  }

  /**
   * Resolves once everything told so far is in the audit log. Throws FILE_FAILED, STORE_LOCKED,
   * what `keepEvents` throws.
   */
  async settle(): Promise<void> {
    if (this.#keep && this.#unkept.length > 0) {
      // Before the log has them: whoever finds them there may take them as kept.
      await this.#keep([...this.#unkept]);
      this.#unkept = [];
    }
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
