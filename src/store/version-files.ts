// The files of versions in a store: versions/<id>/ with the weights, the parts, and the record.

import * as z from "zod/mini";
import { checkInstance } from "../checks.ts";
import { type DriftkeelError, DriftkeelRangeError } from "../errors.ts";
import { parseOptions, seed } from "../options.ts";
import { checkId, isId } from "./ids.ts";
import { sha256 } from "./sha256.ts";
import { checkWeights, decodeSnapshot, encodeSnapshot } from "./snapshot.ts";
import type { Store } from "./store.ts";
import {
  damagedFile,
  readVersionRecord,
  type VersionEntry,
  writeVersionRecord,
} from "./version-record.ts";

const FOLDER = "versions/";
const WEIGHTS = "model.safetensors";
const RECORD = "version.json";
const MAX_PARTS = 64;

const isMap = (value: unknown): boolean => value instanceof Map;
const versionSchema = z.object({
  weights: z.custom<Map<string, Float32Array>>(isMap, "a Map"),
  parts: z.optional(z.custom<Map<string, Uint8Array>>(isMap, "a Map")),
  parent: z.optional(z.string()),
  seed: z._default(seed, 0),
});

/** What `VersionStore.save` takes. */
export interface Version {
  /** f32 by tensor name. */
  weights: Map<string, Float32Array>;
  /**
   * State that has to come back with the weights (optimiser, EWC, replay, detector), by name: at
   * most 64 ids other than model.safetensors and version.json.
   */
  parts?: Map<string, Uint8Array>;
  /** The version that the weights were trained from; default the active one. */
  parent?: string;
  /** Of the training; default 0. */
  seed?: number;
}

/** A version as it is read back. */
export interface SavedVersion extends VersionEntry {
  weights: Map<string, Float32Array>;
  state: Map<string, Uint8Array>;
  modelId: string;
  kernelBuild: string;
  seed: number;
}

/** A copy of what a caller wants saved. */
interface VersionCopy {
  weights: Map<string, Float32Array>;
  parts: Map<string, Uint8Array>;
  parent: string | undefined;
  seed: number;
}

/**
 * Checks a version and copies its arrays. Throws ARGUMENT_TYPE, ARGUMENT_RANGE, DATA_EMPTY,
 * ID_INVALID, OPTION_INVALID, OPTION_UNKNOWN.
 */
export function copyVersion(version: Version): VersionCopy {
  const parsed = parseOptions("version", versionSchema, version);
  checkWeights(parsed.weights);
  if (parsed.parent !== undefined) checkId("version.parent", parsed.parent);
  const parts = new Map<string, Uint8Array>();
  for (const [name, bytes] of parsed.parts ?? []) {
    checkId("the name of a part", name);
    checkInstance(`version.parts.get("${name}")`, bytes, Uint8Array);
    parts.set(name, new Uint8Array(bytes));
  }
  if (parts.size > MAX_PARTS || parts.has(WEIGHTS) || parts.has(RECORD)) {
    throw new DriftkeelRangeError(
      "ARGUMENT_RANGE",
      `Expected at most ${MAX_PARTS} parts, none named ${WEIGHTS} or ${RECORD}, got ` +
        `${[...parts.keys()].slice(0, 8).join(", ")} (${parts.size}).`,
    );
  }
  const weights = Array.from(parsed.weights, ([name, values]) => [name, values.slice()] as const);
  return { weights: new Map(weights), parts, parent: parsed.parent, seed: parsed.seed };
}

/** What is under `versions/`. */
interface VersionListing {
  /** Every id, also of versions that are damaged or were never finished. */
  ids: string[];
  /** Newest first. */
  entries: VersionEntry[];
  damaged: { id: string; error: DriftkeelError }[];
}

/** Reads and writes versions; says nothing about which is active. */
export class VersionFiles {
  readonly store: Store;

  constructor(store: Store) {
    this.store = store;
  }

  /** Writes the record last: a version without one was never finished. */
  async write(
    entry: VersionEntry,
    { weights, parts, seed }: VersionCopy,
    origin: { modelId: string; kernelBuild: string },
  ): Promise<void> {
    const { id, parent } = entry;
    const snapshot = { weights, versionId: id, seed, ...origin, ...(parent && { parent }) };
    const described: VersionEntry = { ...entry, parts: [] };
    try {
      await this.store.write(keyOf(id, WEIGHTS), await encodeSnapshot(snapshot));
      for (const [name, bytes] of parts) {
        await this.store.write(keyOf(id, name), bytes);
        described.parts.push({ name, sizeBytes: bytes.length, sha256: await sha256(bytes) });
      }
      await writeVersionRecord(this.store, keyOf(id, RECORD), described);
    } catch (cause) {
      await this.remove(id).catch(() => {}); // the next open removes what is left
      throw cause;
    }
  }

  /** Everything of a version, verified. Throws SNAPSHOT_CORRUPT. */
  async read(id: string): Promise<SavedVersion> {
    const entry = await readVersionRecord(this.store, keyOf(id, RECORD), id);
    const bytes = await this.store.read(keyOf(id, WEIGHTS));
    const snapshot = await decodeSnapshot(bytes ?? new Uint8Array(0));
    if (snapshot.versionId !== id) throw damagedFile(keyOf(id, WEIGHTS));
    const state = new Map<string, Uint8Array>();
    for (const { name, sha256: digest } of entry.parts) {
      const part = await this.store.read(keyOf(id, name));
      if (part === undefined || (await sha256(part)) !== digest) throw damagedFile(keyOf(id, name));
      state.set(name, part);
    }
    const { weights, modelId, kernelBuild, seed } = snapshot;
    return { ...entry, weights, state, modelId, kernelBuild, seed };
  }

  /** Reads the records, not the weights. */
  async list(): Promise<VersionListing> {
    const keys = await this.store.list(FOLDER);
    const ids = [...new Set(keys.flatMap(idOf))];
    const listing: VersionListing = { ids, entries: [], damaged: [] };
    for (const id of ids) {
      if (!keys.includes(keyOf(id, RECORD))) continue;
      try {
        const entry = await readVersionRecord(this.store, keyOf(id, RECORD), id);
        const isAbsent = (name: string) => !keys.includes(keyOf(id, name));
        const absent = [WEIGHTS, ...entry.parts.map(({ name }) => name)].find(isAbsent);
        if (absent !== undefined) throw damagedFile(keyOf(id, absent));
        listing.entries.push(entry);
      } catch (error) {
        if ((error as DriftkeelError).code !== "SNAPSHOT_CORRUPT") throw error;
        listing.damaged.push({ id, error: error as DriftkeelError });
      }
    }
    listing.entries.sort((a, b) => b.sequence - a.sequence);
    return listing;
  }

  /** Ids with files but no record. */
  async listUnfinished(): Promise<string[]> {
    const keys = await this.store.list(FOLDER);
    const ids = new Set(keys.flatMap(idOf));
    return [...ids].filter((id) => !keys.includes(keyOf(id, RECORD)));
  }

  /** Removes the record first, so that half a version never looks like one. */
  async remove(id: string): Promise<void> {
    await this.store.remove(keyOf(id, RECORD));
    for (const key of await this.store.list(keyOf(id, ""))) await this.store.remove(key);
  }
}

function keyOf(id: string, name: string): string {
  return `${FOLDER}${id}/${name}`;
}

/** The id of the version that a key belongs to. */
function idOf(key: string): string[] {
  const [, id, name] = key.split("/");
  return id !== undefined && name !== undefined && isId(id) ? [id] : [];
}
