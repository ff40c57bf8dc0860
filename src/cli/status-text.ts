// The status of models as JSON and as text.

import { auditRecord } from "../foundation.ts";
import type { LearnerInspection } from "../index.ts";
import { findingRecord, findingText } from "./audit-record.ts";
import { eventLines } from "./event-lines.ts";
import type { Colors } from "./model-flags.ts";
import type { ModelStatus, Writer } from "./model-status.ts";
import { drawPairs } from "./text-table.ts";
import { measurementsText, sizeText, timeText } from "./value-text.ts";

/** Enough for an id after time, type and outcome. */
const EVENT_COLUMNS = 88;

/** The status of a model as JSON. */
export function statusRecord(status: ModelStatus) {
  const { current, writer } = status;
  return {
    model_id: status.id,
    active_version: current?.activeId ?? null,
    prior_version: current?.priorId ?? null,
    anchor_version: current?.anchorId ?? null,
    promoted_at: current?.promotedAt.toISOString() ?? null,
    promotion_source: current?.promotionSource ?? null,
    benchmark: current?.benchmark ?? null,
    pointer_damage: status.pointerDamage ?? null,
    versions: status.versions,
    damaged: status.damaged.map(({ id, error }) => ({
      version_id: id,
      code: error.code,
      message: error.message,
    })),
    audit: findingRecord(status.audit),
    last_events: status.events.map(auditRecord),
    learner: status.learner
      ? {
          observed: status.learner.observed,
          held: status.learner.held ?? null,
          safe_mode: status.learner.safeMode ?? null,
        }
      : null,
    writer: writer ? writerRecord(writer) : null,
    size_bytes: status.sizeBytes,
  };
}

function writerRecord({ owner, isAlive }: Writer) {
  return {
    pid: owner?.pid ?? null,
    machine: owner?.machine ?? null,
    is_alive: isAlive ?? null,
  };
}

/** How updates of a learner stood at its last checkpoint. */
function learnerText({ observed, held, safeMode }: LearnerInspection): string {
  const seen = `${observed} samples observed`;
  if (held !== undefined) return `held off by an operator (${held}), ${seen}`;
  if (safeMode === "frozen") return `frozen after a rollback, ${seen}`;
  if (safeMode === "recovering") return `careful after a rollback, ${seen}`;
  return `as usual, ${seen}`;
}

/** The status of a model as lines of text. */
export function statusText(status: ModelStatus, colors: Colors): string {
  const { current, damaged, audit, events } = status;
  const broken = (text: string) => colors.red(text);
  const none = "none";
  const pairs: [string, string][] = [["model", colors.bold(status.id)]];
  if (current === undefined) {
    pairs.push(["active", status.pointerDamage === undefined ? none : broken("unknown")]);
    if (status.pointerDamage !== undefined) pairs.push(["", broken(status.pointerDamage)]);
  } else {
    const { activeId, promotedAt, promotionSource } = current;
    pairs.push(
      ["active", `${colors.green(activeId)}`],
      ["since", `${timeText(promotedAt)} UTC, by ${promotionSource}`],
      ["benchmark", measurementsText(current.benchmark ?? {})],
      ["prior", current.priorId ?? none],
      ["anchor", current.anchorId],
    );
  }
  const lost = damaged.map(({ id }) => id).join(", ");
  pairs.push(
    ["versions", `${status.versions} in ${sizeText(status.sizeBytes)} on disk`],
    ["damaged", damaged.length === 0 ? none : broken(lost)],
    ["audit", audit.intact ? findingText(audit) : broken(findingText(audit))],
    ["updates", status.learner ? learnerText(status.learner) : none],
    ["writer", status.writer ? writerText(status.writer) : none],
  );
  if (events.length > 0) pairs.push(["events", eventLines(events, EVENT_COLUMNS).join("\n")]);
  return drawPairs(pairs, colors);
}

/** Who holds a lock, in words. */
export function writerText({ owner, isAlive }: Writer): string {
  const who = owner ? `process ${owner.pid}` : "a process that has not said who it is";
  if (isAlive === true) return `${who}, running`;
  if (isAlive === false) return `${who}, gone; the next writer takes over`;
  return `${who}, of which this machine cannot tell whether it runs`;
}
