// The folder of a router: versions and pointer, audit log, reports, and the index of trajectories.

import { join } from "node:path";
import * as z from "zod/mini";
import {
  AuditLog,
  type Clock,
  type Disk,
  FileStore,
  type LockHost,
  VersionStore,
} from "../../index.ts";
import { type CycleReport, reportRecord } from "./cycle-report.ts";

const REPORTS = "reports/";
const INDEX = "index.json";
const MODEL_ID = "router";

/** Who opens a folder. */
export interface FolderOptions {
  path: string;
  maxVersions: number;
  dryRun: boolean;
  seed: number;
  now?: Clock | undefined;
  disk?: Disk | undefined;
  lockHost?: LockHost | undefined;
}

/** A report of a cycle that saved its challenger, as far as the next cycle has to know it. */
const savedRecord = z.looseObject({
  dry_run: z.literal(false),
  finished_at: z.nullable(z.string()),
  version_id: z.string(),
});

/** An open folder that nobody else writes to. */
export class RouterFolder {
  readonly versions: VersionStore;
  /** None in a dry run. */
  readonly audit: AuditLog | undefined;
  readonly #files: FileStore;

  private constructor(files: FileStore, versions: VersionStore, audit: AuditLog | undefined) {
    this.#files = files;
    this.versions = versions;
    this.audit = audit;
  }

  /** Locks the folder. Throws STORE_LOCKED, AUDIT_CORRUPT, FILE_FAILED. */
  static async open({ path, dryRun, ...options }: FolderOptions): Promise<RouterFolder> {
    const { now, disk, lockHost, maxVersions, seed } = options;
    const place = { ...(disk && { disk }), ...(lockHost && { lockHost }) };
    const time = now ? { now } : {};
    const store = await FileStore.open({ storagePath: path, ...place });
    try {
      const keep = { modelId: MODEL_ID, maxVersions, seed };
      // Read-only in a dry run: what a killed save left stays where it is.
      const versions = await VersionStore.open({ store, readOnly: dryRun, ...keep, ...time });
      const audit = dryRun
        ? undefined
        : await AuditLog.open(join(path, "audit.jsonl"), { ...place, ...time });
      return new RouterFolder(store, versions, audit);
    } catch (error) {
      await store.close().catch(() => {});
      throw error;
    }
  }

  /** An id that no report has: the moment, and a number that grows. */
  async nextReportId(now: Date): Promise<string> {
    const last = (await this.#files.list(REPORTS)).at(-1);
    const number = last === undefined ? 1 : Number(/^reports\/(\d+)/.exec(last)?.[1] ?? 0) + 1;
    const stamp = now.toISOString().replace(/[-:]/g, "").replace("T", "-").slice(0, 15);
    return `${String(number).padStart(6, "0")}-${stamp}`;
  }

  /** Writes or replaces a report, durably. Throws FILE_FAILED. */
  async writeReport(report: CycleReport): Promise<void> {
    const json = `${JSON.stringify(reportRecord(report), null, 2)}\n`;
    await this.#files.write(`${REPORTS}${report.reportId}.json`, new TextEncoder().encode(json));
  }

  /** The last report, if its cycle saved its challenger. */
  async lastReport(): Promise<{ key: string; record: z.output<typeof savedRecord> } | undefined> {
    const key = (await this.#files.list(REPORTS)).at(-1);
    const bytes = key && (await this.#files.read(key));
    if (!bytes) return undefined;
    try {
      const parsed = savedRecord.safeParse(JSON.parse(new TextDecoder().decode(bytes)));
      return parsed.success ? { key, record: parsed.data } : undefined;
    } catch {
      return undefined;
    }
  }

  /** Replaces a report that `lastReport` gave. Throws FILE_FAILED. */
  async amendReport(key: string, record: Record<string, unknown>): Promise<void> {
    const json = `${JSON.stringify(record, null, 2)}\n`;
    await this.#files.write(key, new TextEncoder().encode(json));
  }

  /** The saved index of trajectories; undefined without one. Throws FILE_FAILED. */
  async readIndex(): Promise<string | undefined> {
    const bytes = await this.#files.read(INDEX);
    return bytes && new TextDecoder().decode(bytes);
  }

  /** Throws FILE_FAILED. */
  async writeIndex(json: string): Promise<void> {
    await this.#files.write(INDEX, new TextEncoder().encode(json));
  }

  /** Gives the folder free. */
  async close(): Promise<void> {
    await this.audit?.close().catch(() => {});
    await this.versions.close();
  }
}
