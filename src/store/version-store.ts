// Every version of a model with all that belongs to it, and which one is active.

import * as z from "zod/mini";
import { type Clock, clock, millisecondsOf } from "../clock.ts";
import { Random } from "../core/random.ts";
import { DriftkeelError, DriftkeelRangeError } from "../errors.ts";
import { parseOptions, positiveInteger, seed } from "../options.ts";
import { chooseStore, type StoreOptions, storeOptions } from "./choose-store.ts";
import {
  type CurrentVersion,
  measurements,
  readCurrent,
  type VersionChange,
  writeCurrent,
} from "./current-record.ts";
import { checkId } from "./ids.ts";
import { KERNEL_BUILD } from "./snapshot.ts";
import { Turns } from "./turns.ts";
import { unknownVersion } from "./unknown-version.ts";
import { copyVersion, type SavedVersion, type Version, VersionFiles } from "./version-files.ts";
import { freeVersionId } from "./version-id.ts";
import type { VersionEntry } from "./version-record.ts";

const SOURCE = "a text of 1 to 128 characters";
const optionsSchema = z.object({
  maxVersions: z._default(positiveInteger.check(z.maximum(10_000, "at most 10000")), 20),
  maxHistory: z._default(positiveInteger.check(z.maximum(100_000, "at most 100000")), 1000),
  modelId: z._default(z.string(), "model"),
  kernelBuild: z._default(z.string().check(z.minLength(1), z.maxLength(128)), KERNEL_BUILD),
  seed: z._default(seed, 0),
  now: clock,
  ...storeOptions,
});
const promoteSchema = z.object({
  source: z.string(SOURCE).check(z.minLength(1, SOURCE), z.maxLength(128, SOURCE)),
  benchmark: z.optional(measurements),
});

/** What `VersionStore.open` takes. */
export interface VersionStoreOptions extends StoreOptions {
  /** Versions kept, the protected ones included: 1..10^4, default 20. */
  maxVersions?: number;
  /** Changes of the active version that are remembered: 1..10^5, default 1000. */
  maxHistory?: number;
  /** Written into every snapshot; default "model". */
  modelId?: string;
  /** Written into every snapshot; default the number of the core's ABI. */
  kernelBuild?: string;
  /** Of the last part of ids; default 0. */
  seed?: number;
  /** Default: the system's clock. */
  now?: Clock;
}

/** A version that is listed and never served. */
export interface DamagedVersion {
  id: string;
  /** SNAPSHOT_CORRUPT. */
  error: DriftkeelError;
}

/**
 * Versions under `versions/<id>/` and the pointer to the active one in `current.json`. A version
 * exists when its last file is written; the pointer moves in one step. At most `maxVersions` are
 * kept: damaged ones go first, then the oldest, never the active, the prior, the anchor or the
 * newest one.
 *
 * Every method throws STORE_CLOSED after `close` and FILE_FAILED when the environment fails; those
 * that change something, STORE_READ_ONLY and STORE_LOCKED.
 */
export class VersionStore {
  readonly #files: VersionFiles;
  readonly #options: z.output<typeof optionsSchema>;
  readonly #random: Random;
  readonly #turns = new Turns();
  #isClosed = false;

  private constructor(files: VersionFiles, options: z.output<typeof optionsSchema>) {
    this.#files = files;
    this.#options = options;
    this.#random = new Random(options.seed);
  }

  /**
   * Removes what a save that never ended left behind. Throws OPTION_INVALID, OPTION_UNKNOWN,
   * ID_INVALID, STORE_LOCKED, FILE_FAILED.
   */
  static async open(options: VersionStoreOptions): Promise<VersionStore> {
    const parsed = parseOptions("VersionStore", optionsSchema, options);
    checkId('VersionStore option "modelId"', parsed.modelId);
    const store = await chooseStore("VersionStore", parsed);
    const versions = new VersionStore(new VersionFiles(store), parsed);
    try {
      if (!parsed.readOnly) await versions.#removeUnfinished();
    } catch (cause) {
      await store.close().catch(() => {});
      throw cause;
    }
    return versions;
  }

  /**
   * Keeps a version, durably, and returns its id; the active one stays active. Then evicts what is
   * too much: a FILE_FAILED that says so comes after the version is safe. Copies what it is given.
   *
   * Throws ARGUMENT_TYPE, ARGUMENT_RANGE, DATA_EMPTY, ID_INVALID, OPTION_INVALID, OPTION_UNKNOWN,
   * POINTER_CORRUPT (nothing is evicted on a guess).
   */
  async save(version: Version): Promise<string> {
    const copy = copyVersion(version);
    return this.#next(async () => {
      const { now, modelId, kernelBuild } = this.#options;
      const nowMs = millisecondsOf("now()", now());
      const current = await readCurrent(this.#files.store);
      const { ids, entries } = await this.#files.list();
      const id = freeVersionId(nowMs, this.#random, new Set([...ids, ...idsIn(current)]));
      const sequence = Math.max(0, ...entries.map((entry) => entry.sequence)) + 1;
      const parent = copy.parent ?? current?.activeId;
      const savedAt = new Date(nowMs);
      const entry = { id, sequence, savedAt, ...(parent && { parent }), parts: [] };
      await this.#files.write(entry, copy, { modelId, kernelBuild });
      await this.#evict();
      return id;
    });
  }

  /** The whole versions, newest first. */
  async list(): Promise<VersionEntry[]> {
    return this.#next(async () => (await this.#files.list()).entries);
  }

  /** The versions that are not whole any more. `read` finds damage that this cannot see. */
  async listDamaged(): Promise<DamagedVersion[]> {
    return this.#next(async () => (await this.#files.list()).damaged);
  }

  /** Everything of a version, verified. Throws ID_INVALID, VERSION_UNKNOWN, SNAPSHOT_CORRUPT. */
  async read(id: string): Promise<SavedVersion> {
    checkId("id", id);
    return this.#next(() => this.#readKnown(id));
  }

  /** Which version is active; undefined before the first promotion. Throws POINTER_CORRUPT. */
  async getCurrent(): Promise<CurrentVersion | undefined> {
    return this.#next(() => readCurrent(this.#files.store));
  }

  /**
   * Makes a version the active one, after it was read and verified. The first to be promoted is the
   * anchor. Throws ID_INVALID, VERSION_UNKNOWN, SNAPSHOT_CORRUPT, POINTER_CORRUPT, OPTION_INVALID,
   * OPTION_UNKNOWN.
   */
  async promote(
    id: string,
    options: { source: string; benchmark?: Record<string, number> },
  ): Promise<void> {
    checkId("id", id);
    const parsed = parseOptions("VersionStore.promote", promoteSchema, options);
    const source = parsed.source;
    const benchmark = parsed.benchmark && { ...parsed.benchmark };
    return this.#next(async () => {
      await this.#readKnown(id);
      const before = await readCurrent(this.#files.store);
      const change = { kind: "promotion", versionId: id, at: this.#date(), source } as const;
      await this.#flip(change, before, source, benchmark);
    });
  }

  /**
   * Makes a version active again, after it was read and verified, and notes from which one; does
   * nothing when it is active. A damaged pointer is replaced: this is how to repair one.
   *
   * Throws ID_INVALID, VERSION_UNKNOWN (naming the nearest), SNAPSHOT_CORRUPT.
   */
  async rollback(id: string): Promise<void> {
    checkId("id", id);
    return this.#next(async () => {
      await this.#readKnown(id);
      const before = await readCurrent(this.#files.store).catch(undefinedIfCorrupt);
      if (before?.activeId === id) return;
      const at = this.#date();
      const rollbackFrom = before?.activeId;
      await this.#flip(
        { kind: "rollback", versionId: id, at, rollbackFrom },
        before,
        "rollback",
        undefined,
      );
    });
  }

  /**
   * Makes a version the anchor. Throws ID_INVALID, VERSION_UNKNOWN (also before the first
   * promotion), SNAPSHOT_CORRUPT, POINTER_CORRUPT.
   */
  async setAnchor(id: string): Promise<void> {
    checkId("id", id);
    return this.#next(async () => {
      await this.#readKnown(id);
      const current = await readCurrent(this.#files.store);
      if (current === undefined) {
        const message = "Expected an active version before an anchor, got none; promote one first.";
        throw new DriftkeelRangeError("VERSION_UNKNOWN", message);
      }
      await writeCurrent(this.#files.store, { ...current, anchorId: id });
    });
  }

  /** Evicts what is more than `maxVersions`. Throws POINTER_CORRUPT. */
  async prune(): Promise<void> {
    return this.#next(() => this.#evict());
  }

  /** Waits for the calls before it and gives the folder free; again does nothing. */
  async close(): Promise<void> {
    return this.#turns.run(() => {
      this.#isClosed = true;
      return this.#files.store.close();
    });
  }

  #next<T>(task: () => Promise<T>): Promise<T> {
    return this.#turns.run(async () => {
      if (!this.#isClosed) return task();
      const message = "Expected an open VersionStore, got a closed one; open it again.";
      throw new DriftkeelError("STORE_CLOSED", message);
    });
  }

  #date(): Date {
    return new Date(millisecondsOf("now()", this.#options.now()));
  }

  async #readKnown(id: string): Promise<SavedVersion> {
    const { ids } = await this.#files.list();
    if (!ids.includes(id)) throw unknownVersion("version", id, ids);
    return this.#files.read(id);
  }

  async #flip(
    change: VersionChange,
    before: CurrentVersion | undefined,
    promotionSource: string,
    benchmark: Record<string, number> | undefined,
  ): Promise<void> {
    const activeId = change.versionId;
    const priorId = before?.activeId === activeId ? before.priorId : before?.activeId;
    const history = [...(before?.history ?? []), change].slice(-this.#options.maxHistory);
    await writeCurrent(this.#files.store, {
      activeId,
      promotionSource,
      promotedAt: change.at,
      ...(benchmark !== undefined && { benchmark }),
      ...(priorId !== undefined && { priorId }),
      anchorId: before?.anchorId ?? activeId,
      history,
    });
  }

  async #evict(): Promise<void> {
    const kept = protectedIds(await readCurrent(this.#files.store));
    const { entries, damaged } = await this.#files.list();
    const [newest, ...others] = entries.map(({ id }) => id);
    const surplus = entries.length + damaged.length - this.#options.maxVersions;
    const loose = [...damaged.map(({ id }) => id), ...others.reverse()].filter(
      (id) => id !== newest && !kept.includes(id),
    );
    for (const id of loose.slice(0, Math.max(0, surplus))) await this.#files.remove(id);
  }

  async #removeUnfinished(): Promise<void> {
    const current = await readCurrent(this.#files.store).catch(undefinedIfCorrupt);
    const kept = protectedIds(current);
    for (const id of await this.#files.listUnfinished()) {
      if (!kept.includes(id)) await this.#files.remove(id);
    }
  }
}

function undefinedIfCorrupt(error: unknown): undefined {
  if ((error as DriftkeelError).code !== "POINTER_CORRUPT") throw error;
}

function protectedIds(current: CurrentVersion | undefined): (string | undefined)[] {
  return current ? [current.activeId, current.priorId, current.anchorId] : [];
}

/** Ids that were in use and must not come back for another version. */
function idsIn(current: CurrentVersion | undefined): string[] {
  return current ? current.history.map(({ versionId }) => versionId) : [];
}
