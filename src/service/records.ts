// What the service answers about a model; the one place where its members get their JSON names.

import * as z from "zod";
import type { CurrentVersion, LearnerStatus, VersionEntry } from "../index.ts";

/** Answer of `/status`, and of the operator's actions. */
export const statusSchema = z.object({
  model_id: z.string(),
  version_id: z.string(),
  previous_id: z.string().nullable(),
  state: z.enum(["ready", "updating", "frozen", "closed"]),
  observed: z.int(),
  samples: z.object({ training: z.int(), holdout: z.int(), replay: z.int() }),
  safe_mode: z.string().nullable(),
  probation: z.object({ outcome: z.string(), reason: z.string() }).nullable(),
});

/** Where a learner stands, as JSON. */
export function statusRecord(status: LearnerStatus): z.output<typeof statusSchema> {
  return {
    model_id: status.modelId,
    version_id: status.versionId,
    previous_id: status.previousId ?? null,
    state: status.state,
    observed: status.observed,
    samples: status.samples,
    safe_mode: status.safeMode ?? null,
    probation: status.probation ?? null,
  };
}

const nextBefore = z.int().nullable().describe("`before` of the next page; null on the last");

/** Answer of `/versions`. */
export const versionPageSchema = z.object({
  model_id: z.string(),
  versions: z.array(
    z.object({
      version_id: z.string(),
      sequence: z.int(),
      saved_at: z.string(),
      parent: z.string().nullable(),
      is_active: z.boolean(),
      is_prior: z.boolean(),
      is_anchor: z.boolean(),
    }),
  ),
  next_before: nextBefore,
});

/** A version as JSON. */
export function versionRecord(entry: VersionEntry, current: CurrentVersion | undefined) {
  return {
    version_id: entry.id,
    sequence: entry.sequence,
    saved_at: entry.savedAt.toISOString(),
    parent: entry.parent ?? null,
    is_active: entry.id === current?.activeId,
    is_prior: entry.id === current?.priorId,
    is_anchor: entry.id === current?.anchorId,
  };
}

/** Answer of `/audit`. */
export const auditPageSchema = z.object({
  model_id: z.string(),
  events: z.array(
    z.object({
      seq: z.int(),
      timestamp: z.string(),
      event_type: z.string(),
      outcome: z.string(),
      details: z.record(z.string(), z.unknown()).nullable(),
      prev_hash: z.string(),
      hash: z.string(),
    }),
  ),
  next_before: nextBefore,
});
