// What waits in the outbox for MLflow, and where the weights wait beside it.

import * as z from "zod/mini";

const id = z.string();
const number = z.union([z.number(), z.enum(["NaN", "Infinity", "-Infinity"])]);

/** A version that became the active one. */
const championRecord = z.object({
  kind: z.literal("champion"),
  model_id: id,
  version_id: id,
  change: z.enum(["promotion", "rollback"]),
  reason: z.string(),
  at: z.string(),
  source: z.nullable(z.string()),
  params: z.record(z.string(), z.string()),
  metrics: z.record(z.string(), number),
});

/** The version that runs beside the active one; null: none does any more. */
const challengerRecord = z.object({
  kind: z.literal("challenger"),
  model_id: id,
  version_id: z.nullable(id),
});

/** All there are. */
export const versionRecord = z.discriminatedUnion("kind", [championRecord, challengerRecord]);

/** A version that became the active one. */
export type ChampionRecord = z.output<typeof championRecord>;
/** What waits in the outbox. */
export type VersionRecord = z.output<typeof versionRecord>;

/** Where the artifact of a version waits. */
export function artifactKey(modelId: string, versionId: string): string {
  return `artifacts/${modelId}/${versionId}`;
}

/** A number as JSON has it. */
export function wireNumber(value: number): number | "NaN" | "Infinity" | "-Infinity" {
  return Number.isFinite(value) ? value : (String(value) as "NaN");
}
