// What the service answers, as types: the page trusts the service that it came from.

import type * as z from "zod";
import type { LearnerEvent } from "../../index.ts";
import type { auditPageSchema, statusSchema, versionPageSchema } from "../records.ts";

/** Of `/status` and of the operator's actions. */
export type Status = z.output<typeof statusSchema>;
/** Of `/versions`. */
export type VersionPage = z.output<typeof versionPageSchema>;
export type Version = VersionPage["versions"][number];
/** Of `/audit`. */
export type AuditPage = z.output<typeof auditPageSchema>;
export type AuditRecord = AuditPage["events"][number];

/** The mean loss of a block of samples, and the rolling Sharpe ratio at its end. */
export interface PerformancePoint {
  at: string;
  /** Samples since the service started. */
  observed: number;
  loss: number | null;
  sharpe: number | null;
}

/** Of `/performance`; points oldest first, since the service started. */
export interface Performance {
  version_id: string;
  since: string | null;
  points: PerformancePoint[];
  loss: number | null;
  sharpe: number | null;
  sharpe_threshold: number | null;
}

/** Of `/readyz`. */
export interface Readiness {
  models: string[];
  failed: string[];
}

/** Of the stream of events. */
export interface ServedEvent {
  event_type: LearnerEvent["type"] | "job-changed";
  timestamp: string;
  model_id: string;
  details: Record<string, unknown>;
}
