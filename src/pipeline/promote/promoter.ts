// Who serves: the active version, the one before it, and the only place where they are swapped.

import type { Learnable, ModelVersion } from "../../model/learnable.ts";
import type { VersionChange } from "../../store/current-record.ts";
import type { VersionStore } from "../../store/version-store.ts";

/** A version that serves or has served, under the id it has in the store. */
export interface ServedVersion {
  id: string;
  version: ModelVersion;
}

/** What is kept beside a candidate's weights. */
export interface PromotionRecord {
  /** Where the candidate came from, as `current.json` says it. */
  source: string;
  /** State that has to come back with the weights, by name. */
  parts: Map<string, Uint8Array>;
  /** Of the training. */
  seed: number;
  /** Called with the candidate's id once it is durable and before the pointer moves. */
  prepare?: (id: string) => Promise<void>;
  /** Numbers of the verdict. */
  benchmark: Readonly<Record<string, number>>;
}

/**
 * Holds the active version and the previous one. The order of a promotion is: the candidate
 * durable, the pointer moved, the version swapped in memory; a crash between any two leaves the old
 * or the new one whole. The previous version stays in memory until the next promotion, so that a
 * rollback to it reads nothing.
 */
export class Promoter {
  readonly #model: Learnable;
  readonly #versions: VersionStore;
  #active: ServedVersion;
  #previous: ServedVersion | undefined;
  #anchor: ServedVersion | undefined;

  private constructor(model: Learnable, versions: VersionStore, active: ServedVersion) {
    this.#model = model;
    this.#versions = versions;
    this.#active = active;
  }

  /**
   * Continues with the version that the store calls active; in an empty store the model's first
   * version becomes it, and the anchor, with the state that `begin` gives for it. Returns
   * the state that was kept beside it. Throws what the store throws.
   */
  static async open(
    model: Learnable,
    versions: VersionStore,
    begin: (first: ModelVersion) => Map<string, Uint8Array> = () => new Map(),
  ): Promise<{ promoter: Promoter; parts: ReadonlyMap<string, Uint8Array> }> {
    const current = await versions.getCurrent();
    if (!current) {
      const version = model.initial();
      const id = await versions.save({ weights: version.weights(), parts: begin(version) });
      await versions.promote(id, { source: "initial" });
      return { promoter: new Promoter(model, versions, { id, version }), parts: new Map() };
    }
    const saved = await versions.read(current.activeId);
    const version = model.load(saved.weights);
    return {
      promoter: new Promoter(model, versions, { id: current.activeId, version }),
      parts: saved.state,
    };
  }

  get active(): ServedVersion {
    return this.#active;
  }

  get previous(): ServedVersion | undefined {
    return this.#previous;
  }

  /**
   * Makes a candidate that was trained from version `parentId` the active one. Returns undefined,
   * and keeps nothing, when another version has become active since: the candidate was judged
   * against one that no longer serves. Throws what the store and `prepare` throw; the pointer is
   * then where it was.
   */
  async promote(
    candidate: ModelVersion,
    parentId: string,
    { source, parts, seed, benchmark, prepare }: PromotionRecord,
  ): Promise<ServedVersion | undefined> {
    if (this.#active.id !== parentId) return undefined;
    const weights = candidate.weights();
    const id = await this.#versions.save({ weights, parts, parent: parentId, seed });
    await prepare?.(id);
    if (this.#active.id !== parentId) return undefined;
    await this.#move(id, this.#versions.promote(id, { source, benchmark: finiteOnly(benchmark) }));
    this.#swap({ id, version: candidate });
    return this.#active;
  }

  /** A move of the pointer may fail after it has taken effect; then it has not failed. */
  async #move(id: string, moving: Promise<void>): Promise<void> {
    try {
      await moving;
    } catch (error) {
      const current = await this.#versions.getCurrent().catch(() => undefined);
      if (current?.activeId !== id) throw error;
    }
  }

  /**
   * Serves an earlier version again. `prepare` is called with the state kept beside it before the
   * pointer moves. Throws VERSION_UNKNOWN (naming the nearest), SNAPSHOT_CORRUPT, and what
   * `prepare` throws; the active version then goes on.
   */
  async rollback(
    id: string,
    prepare: (parts: ReadonlyMap<string, Uint8Array>) => Promise<void>,
  ): Promise<void> {
    const saved = await this.#versions.read(id);
    await prepare(saved.state);
    await this.#move(id, this.#versions.rollback(id));
    if (this.#previous?.id === id) {
      const back = this.#previous;
      this.#previous = undefined;
      this.#active.version.dispose();
      this.#active = back;
    } else if (this.#active.id !== id) {
      this.#swap({ id, version: this.#model.load(saved.weights) });
    }
  }

  /** The last change of the active version; undefined in a store without history. */
  async lastChange(): Promise<VersionChange | undefined> {
    return (await this.#versions.getCurrent())?.history.at(-1);
  }

  /** Loads the version before the active one again, after a restart. Throws as `rollback`. */
  async recallPrevious(id: string): Promise<void> {
    const { weights } = await this.#versions.read(id);
    this.#previous?.version.dispose();
    this.#previous = { id, version: this.#model.load(weights) };
  }

  /** The version that small losses are measured against; undefined while it is the active one. */
  async anchor(): Promise<ModelVersion | undefined> {
    const id = (await this.#versions.getCurrent())?.anchorId;
    if (id === undefined || id === this.#active.id) return undefined;
    if (this.#anchor?.id !== id) {
      const { weights } = await this.#versions.read(id);
      this.#anchor?.version.dispose();
      this.#anchor = { id, version: this.#model.load(weights) };
    }
    return this.#anchor.version;
  }

  /** One assignment: whoever predicts sees the old version or the new one, never a mix. */
  #swap(next: ServedVersion): void {
    this.#previous?.version.dispose();
    this.#previous = this.#active;
    this.#active = next;
  }

  dispose(): void {
    this.#anchor?.version.dispose();
    this.#previous?.version.dispose();
    this.#active.version.dispose();
  }
}

/** The pointer's summary holds numbers only. */
function finiteOnly(measurements: Readonly<Record<string, number>>): Record<string, number> {
  const finite = Object.entries(measurements).filter(([, value]) => Number.isFinite(value));
  return Object.fromEntries(finite);
}
