// The jobs of a service on disk: each a sealed record that is replaced whole, so that a process
// that is killed leaves every job as it was last told.

import { createHash } from "node:crypto";
import { join } from "node:path";
import * as z from "zod/mini";
import { parseRecord, writeRecord } from "../../foundation.ts";
import { FileStore, type Store } from "../../index.ts";
import { isUnderWay, type Job, jobRecord } from "./job.ts";

/** Jobs of one model that have ended and are still told of. */
const MOST_ENDED = 1000;

/** On disk; `asked`: digest of the idempotency key and of what was asked with it. */
const entryRecord = z.strictObject({
  format_version: z.literal(1),
  sequence: z.int().check(z.minimum(1)),
  asked: z.nullable(z.strictObject({ key: z.string(), body: z.string() })),
  job: jobRecord as unknown as z.ZodMiniType<Job>,
});
type Entry = Omit<z.output<typeof entryRecord>, "format_version">;

/** Jobs by id, oldest first; those of each model in a folder of its own. */
export class JobTable {
  readonly #stores: ReadonlyMap<string, Store>;
  readonly #entries: Map<string, Entry>;
  /** Keys of files that are no jobs. */
  readonly damaged: readonly string[];

  private constructor(
    stores: ReadonlyMap<string, Store>,
    entries: Map<string, Entry>,
    damaged: string[],
  ) {
    this.#stores = stores;
    this.#entries = entries;
    this.damaged = damaged;
  }

  /**
   * Opens or creates `<folder>/<model id>` for every model. Files that are no jobs stay where they
   * are. Throws STORE_LOCKED, FILE_FAILED.
   */
  static async open(folder: string, modelIds: readonly string[]): Promise<JobTable> {
    const stores = new Map<string, Store>();
    const found: Entry[] = [];
    const damaged: string[] = [];
    try {
      for (const modelId of modelIds) {
        const store = await FileStore.open({ storagePath: join(folder, modelId) });
        stores.set(modelId, store);
        for (const key of await store.list()) {
          const bytes = await store.read(key);
          const entry = bytes && (await parseRecord(bytes, entryRecord));
          if (entry?.job.job_id === key && entry.job.model_id === modelId) found.push(entry);
          else damaged.push(`${modelId}/${key}`);
        }
      }
    } catch (error) {
      for (const store of stores.values()) await store.close();
      throw error;
    }
    found.sort((a, b) => a.sequence - b.sequence);
    const entries = new Map(found.map((each) => [each.job.job_id, each]));
    return new JobTable(stores, entries, damaged);
  }

  /** Oldest first. */
  list(): readonly Job[] {
    return Array.from(this.#entries.values(), ({ job }) => job);
  }

  find(id: string): Job | undefined {
    return this.#entries.get(id)?.job;
  }

  /** The job that was asked for under a key, and whether the same was asked for then. */
  findAsked(key: string, body: unknown): { job: Job; isSame: boolean } | undefined {
    const asked = askedOf(key, body);
    for (const entry of this.#entries.values()) {
      if (entry.asked?.key !== asked.key) continue;
      return { job: entry.job, isSame: entry.asked.body === asked.body };
    }
    return undefined;
  }

  /** Keeps a new job. Throws FILE_FAILED; there is no such job then. */
  async add(job: Job, asked?: { key: string; body: unknown }): Promise<void> {
    const sequence = Math.max(0, ...Array.from(this.#entries.values(), (e) => e.sequence)) + 1;
    const entry = { sequence, asked: asked ? askedOf(asked.key, asked.body) : null, job };
    this.#entries.set(job.job_id, entry); // at once: whoever asks again meets it
    try {
      await this.#write(entry);
    } catch (error) {
      this.#entries.delete(job.job_id);
      throw error;
    }
    await this.#forgetOldest(job.model_id);
  }

  /** Keeps what has changed of a job. Throws FILE_FAILED; it is known here all the same. */
  async change(id: string, changes: Partial<Job>): Promise<Job> {
    const entry = this.#entries.get(id)!;
    entry.job = { ...entry.job, ...changes };
    await this.#write(entry);
    return entry.job;
  }

  async close(): Promise<void> {
    for (const store of this.#stores.values()) await store.close();
  }

  #write({ sequence, asked, job }: Entry): Promise<void> {
    // Progress is of the moment.
    const kept = { ...job, progress: null };
    const record = { format_version: 1, sequence, asked, job: kept };
    return writeRecord(this.#storeOf(job), job.job_id, record);
  }

  async #forgetOldest(modelId: string): Promise<void> {
    const isEnded = ({ model_id, status }: Job) => model_id === modelId && !isUnderWay(status);
    const ended = this.list().filter(isEnded);
    for (const job of ended.slice(0, Math.max(0, ended.length - MOST_ENDED))) {
      this.#entries.delete(job.job_id);
      await this.#storeOf(job).remove(job.job_id);
    }
  }

  #storeOf({ model_id }: Job): Store {
    return this.#stores.get(model_id)!; // a job is taken in for a model that serves
  }
}

function askedOf(key: string, body: unknown) {
  const digest = (text: string) => createHash("sha256").update(text).digest("hex");
  return { key: digest(key), body: digest(JSON.stringify(body)) };
}
