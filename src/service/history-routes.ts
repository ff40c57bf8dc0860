// What a model was and is: its versions, where it stands, its audit log.

import { join } from "node:path";
import * as z from "zod";
import { auditRecord } from "../foundation.ts";
import { AuditLog, VersionStore } from "../index.ts";
import { type HttpApp, modelPath, problemResponse, type ServiceParts } from "./http-app.ts";
import {
  auditPageSchema,
  statusRecord,
  statusSchema,
  versionPageSchema,
  versionRecord,
} from "./records.ts";

const LIMIT = "an integer from 1 to 1000";
const BEFORE = "an integer >= 0";

/** Which page: newest first, `limit` entries with numbers below `before`. */
const pageQuery = z.strictObject({
  limit: z.coerce.number(LIMIT).int(LIMIT).min(1, LIMIT).max(1000, LIMIT).default(100),
  before: z.coerce.number(BEFORE).int(BEFORE).min(0, BEFORE).optional(),
});

/** Adds `GET .../versions`, `.../status` and `.../audit`. */
export function addHistoryRoutes(app: HttpApp, { host }: ServiceParts): void {
  const read = { config: { scope: "read" as const } };
  const request = { params: modelPath };
  const paged = { ...request, querystring: pageQuery };
  app.get(
    "/api/v1/models/:id/status",
    {
      ...read,
      schema: {
        summary: "Where the model stands",
        ...request,
        response: { 200: statusSchema, ...problemResponse },
      },
    },
    async ({ params: { id } }) => statusRecord(host.find(id).learner.status()),
  );
  app.get(
    "/api/v1/models/:id/versions",
    {
      ...read,
      schema: {
        summary: "The versions that are kept, newest first",
        ...paged,
        response: { 200: versionPageSchema, ...problemResponse },
      },
    },
    async ({ params: { id }, query }) => {
      const { entries, current } = await readVersions(host.find(id).path);
      const { rows, next } = pageOf(entries, ({ sequence }) => sequence, query);
      const versions = rows.map((entry) => versionRecord(entry, current));
      return { model_id: id, versions, next_before: next };
    },
  );
  app.get(
    "/api/v1/models/:id/audit",
    {
      ...read,
      schema: {
        summary: "The audit log, newest first",
        ...paged,
        response: { 200: auditPageSchema, ...problemResponse },
      },
    },
    async ({ params: { id }, query }) => {
      const events = await readAudit(join(host.find(id).path, "audit.jsonl"), query);
      const rows = events.slice(0, query.limit);
      const next = events.length > rows.length ? rows.at(-1)!.seq : null;
      return { model_id: id, events: rows.map(auditRecord), next_before: next };
    },
  );
}

/** Beside the learner, which writes. Throws FILE_FAILED, POINTER_CORRUPT. */
async function readVersions(path: string) {
  const store = await VersionStore.open({ storagePath: path, readOnly: true });
  try {
    return { entries: await store.list(), current: await store.getCurrent() };
  } finally {
    await store.close();
  }
}

/** The events of a page and one more. Throws FILE_FAILED, AUDIT_CORRUPT. */
async function readAudit(path: string, { limit, before }: z.output<typeof pageQuery>) {
  const log = await AuditLog.open(path, { readOnly: true });
  try {
    return await log.readPage({ limit: limit + 1, ...(before !== undefined && { before }) });
  } finally {
    await log.close();
  }
}

function pageOf<T>(
  all: readonly T[],
  numberOf: (each: T) => number,
  { limit, before = Number.POSITIVE_INFINITY }: z.output<typeof pageQuery>,
): { rows: T[]; next: number | null } {
  const older = all.filter((each) => numberOf(each) < before);
  const sorted = older.sort((a, b) => numberOf(b) - numberOf(a));
  const rows = sorted.slice(0, limit);
  return { rows, next: sorted.length > limit ? numberOf(rows.at(-1)!) : null };
}
