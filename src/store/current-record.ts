// What current.json says: which version is active and how it came to be; its names mapped here.

import * as z from "zod/mini";
import { DriftkeelError } from "../errors.ts";
import { isId } from "./ids.ts";
import { isIsoTime } from "./iso-time.ts";
import { parseRecord, writeRecord } from "./record-file.ts";
import type { Store } from "./store.ts";

const KEY = "current.json";
const MEASUREMENTS = "an object of finite numbers by names of 1 to 128 characters";
/** Measurements by name; no name can reach a prototype. */
export const measurements = z.custom<Record<string, number>>(
  (value) =>
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    Object.entries(value).every(
      ([name, number]) => /^(?!__proto__$)[\s\S]{1,128}$/.test(name) && Number.isFinite(number),
    ),
  MEASUREMENTS,
);

const idText = z.string().check(z.refine(isId));
const time = z.string().check(z.refine(isIsoTime));

/** On disk. */
const currentRecord = z.strictObject({
  format_version: z.literal(1),
  active: idText,
  promotion_source: z.string(),
  promoted_at: time,
  benchmark_summary: z.nullable(measurements),
  prior_version: z.nullable(idText),
  anchor: idText,
  history: z.array(
    z.union([
      z.strictObject({ version_id: idText, promotion_source: z.string(), promoted_at: time }),
      z.strictObject({
        version_id: idText,
        rollback_from: z.nullable(idText),
        rolled_back_at: time,
      }),
    ]),
  ),
});

/** Which version is active, and how it came to be. */
export interface CurrentVersion {
  activeId: string;
  /** Who promoted it; "rollback" after a rollback. */
  promotionSource: string;
  promotedAt: Date;
  /** Measurements by name that spoke for the promotion. */
  benchmark?: Record<string, number>;
  /** The version that was active before. */
  priorId?: string;
  /** The fixed version that candidates are compared with. */
  anchorId: string;
  /** Every change of the active version, oldest first; the latest is the present one. */
  history: VersionChange[];
}

/** One change of the active version. */
export type VersionChange =
  | { kind: "promotion"; versionId: string; at: Date; source: string }
  /** rollbackFrom: undefined when the pointer was damaged and nobody knew. */
  | { kind: "rollback"; versionId: string; at: Date; rollbackFrom: string | undefined };

/** Makes `current` the active version, durably and in one step. */
export async function writeCurrent(store: Store, current: CurrentVersion): Promise<void> {
  await writeRecord(store, KEY, {
    format_version: 1,
    active: current.activeId,
    promotion_source: current.promotionSource,
    promoted_at: current.promotedAt.toISOString(),
    benchmark_summary: current.benchmark ?? null,
    prior_version: current.priorId ?? null,
    anchor: current.anchorId,
    history: current.history.map((change) =>
      change.kind === "promotion"
        ? {
            version_id: change.versionId,
            promotion_source: change.source,
            promoted_at: change.at.toISOString(),
          }
        : {
            version_id: change.versionId,
            rollback_from: change.rollbackFrom ?? null,
            rolled_back_at: change.at.toISOString(),
          },
    ),
  });
}

/** The active version; undefined before the first promotion. Throws POINTER_CORRUPT. */
export async function readCurrent(store: Store): Promise<CurrentVersion | undefined> {
  const bytes = await store.read(KEY);
  return bytes && parseCurrent(bytes);
}

/** What the bytes of current.json say. Throws POINTER_CORRUPT. */
export async function parseCurrent(bytes: Uint8Array): Promise<CurrentVersion> {
  const record = await parseRecord(bytes, currentRecord);
  if (record === undefined) {
    throw new DriftkeelError(
      "POINTER_CORRUPT",
      `Expected ${KEY} as it was written, got an altered or truncated file. No version is made ` +
        "active on a guess: choose one of list() with rollback(id).",
    );
  }
  return {
    activeId: record.active,
    promotionSource: record.promotion_source,
    promotedAt: new Date(record.promoted_at),
    ...(record.benchmark_summary && { benchmark: record.benchmark_summary }),
    ...(record.prior_version !== null && { priorId: record.prior_version }),
    anchorId: record.anchor,
    history: record.history.map((change): VersionChange => {
      const versionId = change.version_id;
      if ("promoted_at" in change) {
        const at = new Date(change.promoted_at);
        return { kind: "promotion", versionId, at, source: change.promotion_source };
      }
      const at = new Date(change.rolled_back_at);
      return { kind: "rollback", versionId, at, rollbackFrom: change.rollback_from ?? undefined };
    }),
  };
}
