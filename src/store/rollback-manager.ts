// Snapshots of weights to go back to: the newest few, and those that must stay.

import * as z from "zod/mini";
import { DriftkeelError } from "../errors.ts";
import { parseOptions, positiveInteger, seed } from "../options.ts";
import { chooseStore, type StoreOptions, storeOptions } from "./choose-store.ts";
import { checkId, isId } from "./ids.ts";
import { checkWeights, decodeSnapshot, encodeSnapshot, KERNEL_BUILD } from "./snapshot.ts";
import { readPins, type SnapshotPins, writePins } from "./snapshot-pins.ts";
import type { Store } from "./store.ts";
import { Turns } from "./turns.ts";
import { unknownVersion } from "./unknown-version.ts";

/** Each snapshot is verified at the start. */
const MAX_VERSIONS = 10_000;
const SEQUENCE_DIGITS = 12;
const FILE = /^([0-9]{12})-(.+)\.safetensors$/;

const optionsSchema = z.object({
  maxVersions: positiveInteger.check(z.maximum(MAX_VERSIONS, `at most ${MAX_VERSIONS}`)),
  modelId: z._default(z.string(), "model"),
  kernelBuild: z._default(z.string().check(z.minLength(1), z.maxLength(128)), KERNEL_BUILD),
  ...storeOptions,
});
const snapshotSchema = z.object({ seed: z._default(seed, 0), parent: z.optional(z.string()) });
const pinsSchema = z.object({
  active: z.optional(z.string()),
  anchor: z.optional(z.string()),
  previous: z.optional(z.string()),
});

/** What `RollbackManager.open` takes. */
export interface RollbackManagerOptions extends StoreOptions {
  /** Snapshots kept, pinned ones included: 1..10^4. */
  maxVersions: number;
  /** Written into every snapshot; default "model". */
  modelId?: string;
  /** Written into every snapshot; default the number of the core's ABI. */
  kernelBuild?: string;
}

/** A snapshot that is listed and never served. */
export interface DamagedSnapshot {
  id: string;
  /** SNAPSHOT_CORRUPT. */
  error: DriftkeelError;
}

/** A snapshot: the file that counts first, then files of the same id that it replaced. */
interface Entry {
  id: string;
  sequence: number;
  keys: string[];
  error?: DriftkeelError;
}

/**
 * At most `maxVersions` snapshots by id. When there are more, damaged ones go first, then the
 * oldest. Pinned ones and the newest never go: with `maxVersions` pins or more there may be more
 * than `maxVersions`. The order is in the names of the files: no clock, no time stamp.
 *
 * Every method that returns a promise throws STORE_CLOSED after `close`, and FILE_FAILED when the
 * environment fails.
 */
export class RollbackManager {
  readonly #store: Store;
  readonly #options: z.output<typeof optionsSchema>;
  readonly #turns = new Turns();
  /** Newest first. */
  #entries: Entry[] = [];
  /** undefined: the file is damaged, and nothing may be evicted. */
  #pins: SnapshotPins | undefined = {};
  #lastSequence = 0;
  #isClosed = false;

  private constructor(store: Store, options: z.output<typeof optionsSchema>) {
    this.#store = store;
    this.#options = options;
  }

  /**
   * Reads and verifies every snapshot. Throws OPTION_INVALID, OPTION_UNKNOWN, ID_INVALID,
   * STORE_LOCKED, FILE_FAILED.
   */
  static async open(options: RollbackManagerOptions): Promise<RollbackManager> {
    const parsed = parseOptions("RollbackManager", optionsSchema, options);
    checkId('RollbackManager option "modelId"', parsed.modelId);
    const store = await chooseStore("RollbackManager", parsed);
    const manager = new RollbackManager(store, parsed);
    try {
      await manager.#load();
    } catch (cause) {
      await store.close().catch(() => {});
      throw cause;
    }
    return manager;
  }

  /**
   * Keeps the weights under `id`, durably, and makes them the newest; a snapshot with the same id
   * is replaced. Then evicts what is too much: a FILE_FAILED that says so comes after the snapshot
   * is safe. `seed`, `parent` are written into the file.
   *
   * Throws ID_INVALID, ARGUMENT_TYPE, ARGUMENT_RANGE, DATA_EMPTY, OPTION_INVALID, OPTION_UNKNOWN,
   * STORE_READ_ONLY, STORE_LOCKED, POINTER_CORRUPT.
   */
  async snapshot(
    id: string,
    weights: Map<string, Float32Array>,
    options?: { seed?: number; parent?: string },
  ): Promise<void> {
    checkId("id", id);
    checkWeights(weights);
    const { parent, seed } = parseOptions("RollbackManager.snapshot", snapshotSchema, options);
    if (parent !== undefined) checkId("parent", parent);
    const { modelId, kernelBuild } = this.#options;
    const origin = { modelId, versionId: id, kernelBuild, seed, ...(parent && { parent }) };
    const encoding = encodeSnapshot({ weights, ...origin });
    encoding.catch(() => {}); // waits for its turn; the turn reports it
    return this.#next(async () => {
      this.#checkPins();
      const sequence = this.#lastSequence + 1;
      const key = `${String(sequence).padStart(SEQUENCE_DIGITS, "0")}-${id}.safetensors`;
      const bytes = await encoding;
      this.#lastSequence = sequence; // also when writing fails: the file may be there
      await this.#store.write(key, bytes);

      const replaced = this.#entries.find((entry) => entry.id === id);
      const entry = { id, sequence, keys: [key, ...(replaced?.keys ?? [])] };
      this.#entries = [entry, ...this.#entries.filter((each) => each !== replaced)];
      await this.#removeReplaced(entry);
      await this.#evict();
    });
  }

  /**
   * The weights of a snapshot, verified. Nothing else changes: what is active is for the caller to
   * say, with `pin`. Throws ID_INVALID, VERSION_UNKNOWN, SNAPSHOT_CORRUPT.
   */
  async rollback(id: string): Promise<Map<string, Float32Array>> {
    checkId("id", id);
    return this.#next(async () => {
      const entry = this.#find(id);
      if (entry.error) throw entry.error;
      return this.#verify(entry);
    });
  }

  /** Ids of the snapshots that can be served, newest first. */
  listSnapshots(): string[] {
    return this.#entries.flatMap(({ id, error }) => (error ? [] : [id]));
  }

  /** The snapshots that cannot be served, newest first, and why. */
  listDamaged(): DamagedSnapshot[] {
    return this.#entries.flatMap(({ id, error }) => (error ? [{ id, error }] : []));
  }

  /** What is never evicted. Throws POINTER_CORRUPT. */
  pins(): SnapshotPins {
    return { ...this.#checkPins() };
  }

  /**
   * Keeps these snapshots and no others from being evicted, durably. Throws VERSION_UNKNOWN,
   * OPTION_INVALID, OPTION_UNKNOWN, STORE_READ_ONLY, STORE_LOCKED.
   */
  async pin(pins: SnapshotPins): Promise<void> {
    const { active, anchor, previous } = parseOptions("RollbackManager.pin", pinsSchema, pins);
    return this.#next(async () => {
      for (const id of [active, anchor, previous]) if (id !== undefined) this.#find(id);
      const next = {
        ...(active !== undefined && { active }),
        ...(anchor !== undefined && { anchor }),
        ...(previous !== undefined && { previous }),
      };
      await writePins(this.#store, next);
      this.#pins = next;
    });
  }

  /**
   * Evicts what is more than `maxVersions` (after `pin` let go of some). Throws POINTER_CORRUPT,
   * STORE_READ_ONLY, STORE_LOCKED.
   */
  async prune(): Promise<void> {
    return this.#next(() => this.#evict());
  }

  /** Waits for the calls before it and gives the folder free; again does nothing. */
  async close(): Promise<void> {
    return this.#turns.run(() => {
      this.#isClosed = true;
      return this.#store.close();
    });
  }

  #next<T>(task: () => Promise<T>): Promise<T> {
    return this.#turns.run(async () => {
      if (!this.#isClosed) return task();
      const message = "Expected an open RollbackManager, got a closed one; open it again.";
      throw new DriftkeelError("STORE_CLOSED", message);
    });
  }

  async #load(): Promise<void> {
    const byId = new Map<string, Entry>();
    // Sequences have one length, so that the order of keys is theirs: newest first.
    for (const key of (await this.#store.list()).reverse()) {
      const [, digits, id] = FILE.exec(key) ?? [];
      if (digits === undefined || id === undefined || !isId(id)) continue;
      const sequence = Number(digits);
      this.#lastSequence = Math.max(this.#lastSequence, sequence);
      const newer = byId.get(id);
      if (newer) newer.keys.push(key);
      else byId.set(id, { id, sequence, keys: [key] });
    }
    this.#entries = [...byId.values()];
    for (const entry of this.#entries) {
      const isWhole = await this.#verify(entry).then(
        () => true,
        (error) => this.#rethrowUnlessDamaged(error),
      );
      if (isWhole && !this.#options.readOnly) await this.#removeReplaced(entry);
    }
    try {
      this.#pins = await readPins(this.#store);
    } catch (error) {
      if ((error as DriftkeelError).code !== "POINTER_CORRUPT") throw error;
      this.#pins = undefined;
    }
  }

  #rethrowUnlessDamaged(error: unknown): false {
    if ((error as DriftkeelError).code === "SNAPSHOT_CORRUPT") return false;
    throw error;
  }

  /** The weights of a snapshot; notes when it is damaged, and throws. */
  async #verify(entry: Entry): Promise<Map<string, Float32Array>> {
    try {
      const bytes = await this.#store.read(entry.keys[0]!);
      const { weights, versionId } = await decodeSnapshot(bytes ?? new Uint8Array(0));
      if (versionId === entry.id) return weights;
      throw new DriftkeelError(
        "SNAPSHOT_CORRUPT",
        `Expected the snapshot ${entry.id} in its file, got ${versionId}; restore the file.`,
      );
    } catch (error) {
      if ((error as DriftkeelError).code === "SNAPSHOT_CORRUPT") {
        entry.error = error as DriftkeelError;
      }
      throw error;
    }
  }

  #find(id: string): Entry {
    const entry = this.#entries.find((each) => each.id === id);
    if (entry) return entry;
    const known = this.#entries.map((each) => each.id);
    throw unknownVersion("snapshot", id, known);
  }

  #checkPins(): SnapshotPins {
    if (this.#pins) return this.#pins;
    throw new DriftkeelError(
      "POINTER_CORRUPT",
      "Expected to know the pinned snapshots, got a damaged pins.json; name them with pin().",
    );
  }

  async #evict(): Promise<void> {
    const pinned = Object.values(this.#checkPins());
    const [, ...others] = this.#entries;
    const loose = others.filter(({ id }) => !pinned.includes(id)).reverse();
    const goFirst = [...loose.filter(({ error }) => error), ...loose.filter(({ error }) => !error)];
    const surplus = this.#entries.length - this.#options.maxVersions;
    for (const entry of goFirst.slice(0, Math.max(0, surplus))) {
      // The newest file last: a crash in between must not bring an older one back.
      for (const key of entry.keys.toReversed()) await this.#store.remove(key);
      this.#entries = this.#entries.filter((each) => each !== entry);
    }
  }

  async #removeReplaced(entry: Entry): Promise<void> {
    for (const key of entry.keys.slice(1)) await this.#store.remove(key);
    entry.keys.length = 1;
  }
}
