// The models that one worker has open: opened with their first signal, at most so many, closed when
// their partition goes.

import type { Sender } from "./update-publisher.ts";
import {
  type ConfiguredModel,
  findWaiting,
  type Signal,
  type Taken,
  WorkerModel,
} from "./worker-model.ts";

/** What the models of a worker share. */
export interface OwnedModelsOptions {
  baseDir: string;
  models: ReadonlyMap<string, () => ConfiguredModel>;
  sender: Sender;
  topic: string;
  outboxCapacity: number;
  maxOpen: number;
  /** The system's clock: milliseconds since 1970. */
  nowMs: () => number;
  onFailure: (error: unknown, modelId: string) => void;
}

/** What became of the signals of one model. */
interface Outcome {
  taken: Taken;
  /** Signals of a wrong shape. */
  refused: number;
  /** Why some of them are to come again; undefined when all are durable or refused. */
  failure: unknown;
}

const NOTHING: Taken = { applied: 0, redelivered: 0 };

interface Entry {
  model: Promise<WorkerModel>;
  source: string;
  /** Calls of `take` under way. */
  users: number;
}

/** Opens and closes the models of a worker. */
export class OwnedModels {
  readonly #options: OwnedModelsOptions;
  /** The one that was used last is last. */
  readonly #entries = new Map<string, Entry>();
  /** Those that are open, for `status`. */
  readonly #open = new Map<string, WorkerModel>();
  readonly #closing = new Set<Promise<void>>();

  constructor(options: OwnedModelsOptions) {
    this.#options = options;
  }

  /** Sums over the models that are open. */
  status(): { models: number; waitingEvents: number; refusedEvents: number } {
    const open = [...this.#open.values()];
    const sum = (of: (model: WorkerModel) => number) =>
      open.reduce((total, model) => total + of(model), 0);
    return {
      models: open.length,
      waitingEvents: sum((model) => model.waitingEvents),
      refusedEvents: sum((model) => model.refusedEvents),
    };
  }

  /**
   * Lets a model learn signals of one source in order. A model that went to another owner is
   * claimed once more as long as `isCurrent` says that this worker is the one to have it.
   */
  async take(
    modelId: string,
    signals: readonly Signal[],
    isCurrent: () => boolean,
  ): Promise<Outcome> {
    const taken = { ...NOTHING };
    let refused = 0;
    let failure: unknown;
    for (let attempt = 0; attempt < 2; attempt++) {
      if (!isCurrent()) return { taken, refused: 0, failure: new Error("the turn is over") };
      const { source, sample } = signals[0]!;
      const startMs = sample.timestamp?.getTime() ?? this.#options.nowMs();
      const entry = this.#enter(modelId, source, startMs);
      try {
        const model = await entry.model;
        const fit = signals.filter(({ sample }) => isFit(model, sample));
        refused = signals.length - fit.length;
        const { applied, redelivered } = await model.take(fit);
        return { taken: { applied, redelivered }, refused, failure: undefined };
      } catch (error) {
        failure = error;
        await this.#drop(modelId, entry);
      } finally {
        entry.users -= 1;
      }
    }
    return { taken, refused: 0, failure };
  }

  /** Closes the models of other partitions, and those that somebody else has claimed meanwhile. */
  async keepOnly(sources: ReadonlySet<string>): Promise<void> {
    const checks = Array.from(this.#entries, async ([modelId, entry]) => {
      const isOurs = sources.has(entry.source) && (await (await entry.model).isOwned());
      if (!isOurs) await this.#drop(modelId, entry);
    });
    await Promise.allSettled(checks);
  }

  /** Opens the models of these sources whose events Kafka has yet to get, to deliver them. */
  async adopt(sources: ReadonlySet<string>): Promise<void> {
    const { baseDir, models, onFailure } = this.#options;
    for (const modelId of models.keys()) {
      if (this.#entries.has(modelId)) continue;
      const source = await findWaiting(baseDir, modelId, sources);
      if (source === undefined) continue;
      const entry = this.#enter(modelId, source, this.#options.nowMs());
      await entry.model.catch((error) => {
        onFailure(error, modelId);
        return this.#drop(modelId, entry);
      });
      entry.users -= 1;
    }
  }

  /** Lets events reach Kafka for at most `limitMs`. */
  async drain(limitMs: number): Promise<void> {
    await Promise.all(Array.from(this.#open.values(), (model) => model.drain(limitMs)));
  }

  /** Closes every model. */
  async closeAll(): Promise<void> {
    await Promise.all(Array.from(this.#entries, ([id, entry]) => this.#drop(id, entry)));
    await Promise.all(this.#closing);
  }

  #enter(modelId: string, source: string, startMs: number): Entry {
    const known = this.#entries.get(modelId);
    const entry = known ?? { model: this.#openModel(modelId, source, startMs), source, users: 0 };
    entry.source = source;
    entry.users += 1;
    this.#entries.delete(modelId);
    this.#entries.set(modelId, entry);
    this.#closeSurplus();
    return entry;
  }

  async #openModel(modelId: string, source: string, startMs: number): Promise<WorkerModel> {
    const { models, maxOpen: _, nowMs: __, ...shared } = this.#options;
    const model = await WorkerModel.open({
      ...shared,
      modelId,
      source,
      startMs,
      configure: models.get(modelId)!,
    });
    this.#open.set(modelId, model);
    return model;
  }

  /** Those that were used longest ago go first; one with events that wait stays to deliver them. */
  #closeSurplus(): void {
    let surplus = this.#entries.size - this.#options.maxOpen;
    for (const [modelId, entry] of this.#entries) {
      if (surplus <= 0) return;
      if (entry.users > 0 || (this.#open.get(modelId)?.waitingEvents ?? 0) > 0) continue;
      surplus -= 1;
      const closing = this.#drop(modelId, entry).finally(() => this.#closing.delete(closing));
      this.#closing.add(closing);
    }
  }

  /** A model that went to another owner cannot keep anything any more: that is no news. */
  async #drop(modelId: string, entry: Entry): Promise<void> {
    if (this.#entries.get(modelId) === entry) this.#entries.delete(modelId);
    const model = await entry.model.catch(() => undefined);
    if (!model) return;
    if (this.#open.get(modelId) === model) this.#open.delete(modelId);
    await model.close().catch((error) => {
      if (!isLoss(error)) this.#options.onFailure(error, modelId);
    });
  }
}

function isFit(model: WorkerModel, sample: Signal["sample"]): boolean {
  try {
    model.check(sample);
    return true;
  } catch {
    return false;
  }
}

function isLoss(error: unknown): boolean {
  const { code } = (error ?? {}) as { code?: unknown };
  return code === "STORE_LOCKED" || code === "FILE_FAILED";
}
