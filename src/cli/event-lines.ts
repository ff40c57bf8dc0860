// Events of an audit log as lines of text.

import type { AuditEvent } from "../index.ts";
import { numberText, timeText } from "./value-text.ts";

/**
 * `2026-11-20 12:30:45  rollback  done  from a, to b`: a line per event, the columns aligned. Lines
 * are cut after `columns` characters.
 */
export function eventLines(
  events: readonly AuditEvent[],
  columns = Number.POSITIVE_INFINITY,
): string[] {
  const width = (text: (event: AuditEvent) => string) =>
    Math.max(0, ...events.map((event) => text(event).length));
  const types = width(({ eventType }) => eventType);
  const outcomes = width(({ outcome }) => outcome);
  return events.map(({ timestamp, eventType, outcome, details }) => {
    const start = `${timeText(timestamp)}  ${eventType.padEnd(types)}  ${outcome.padEnd(outcomes)}`;
    const line = `${start}  ${detailsText(details ?? {})}`.trimEnd();
    return line.length <= columns ? line : `${line.slice(0, columns - 3)}...`;
  });
}

/** Without the model: the log belongs to one. */
function detailsText({ model_id: _, ...details }: Record<string, unknown>): string {
  return Object.entries(details)
    .map(([name, value]) => `${name} ${valueText(value)}`)
    .join(", ");
}

function valueText(value: unknown): string {
  if (typeof value === "number") return numberText(value);
  if (typeof value === "string") return value;
  if (typeof value !== "object" || value === null) return String(value);
  return `(${detailsText(value as Record<string, unknown>)})`;
}
