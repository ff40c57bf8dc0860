// One model of a worker: the epoch that this process owns, the learner in it, and its events.

import { join } from "node:path";
import { decodeUtf8, millisecondsOf, readSingleFile, replaceSingleFile } from "../../foundation.ts";
import {
  type LearnerEvent,
  OnlineLearner,
  type OnlineLearnerOptions,
  type Sample,
} from "../../index.ts";
import {
  claimEpoch,
  EpochDisk,
  isOwned,
  isThere,
  type ModelEpoch,
  newestEpoch,
  OUTBOX,
} from "./model-epoch.ts";
import { type IdentifiedEvent, LearnerUpdates } from "./model-update-event.ts";
import { type Sender, UpdatePublisher } from "./update-publisher.ts";

/** Beside the outbox of a model: where its signals come from, for whoever has that next. */
const SOURCE = "source";
const encoder = new TextEncoder();

/** The learner of a model as it is configured; `dispose` is called after it was closed. */
export interface ConfiguredModel {
  options: OnlineLearnerOptions;
  dispose(): void;
}

/** What a model is opened with. */
export interface WorkerModelOptions {
  modelId: string;
  baseDir: string;
  configure: () => ConfiguredModel;
  topic: string;
  outboxCapacity: number;
  sender: Sender;
  /** Topic and partition that its signals come from. */
  source: string;
  /** What time it is until the first signal is learned: milliseconds since 1970. */
  startMs: number;
  /** Hears of what is no reason to stop. */
  onFailure: (error: unknown, modelId: string) => void;
}

/** A signal for a model, and where it stood. */
export interface Signal {
  /** Topic and partition. */
  source: string;
  offset: number;
  sample: Sample;
}

/** What became of signals. */
export interface Taken {
  applied: number;
  /** Signals that the state had already. */
  redelivered: number;
}

/** A model that this process owns until another one claims it. */
export class WorkerModel {
  readonly #options: WorkerModelOptions;
  readonly #epoch: ModelEpoch;
  readonly #updates: LearnerUpdates;
  #configured: ConfiguredModel | undefined;
  #learner: OnlineLearner | undefined;
  #publisher: UpdatePublisher | undefined;
  /** By source: the offset after the newest signal that is durable. */
  readonly #next = new Map<string, number>();
  /** The moment of the sample that is learned: what is learned depends on no other clock. */
  #nowMs: number;
  #sampleId: string | undefined;

  private constructor(options: WorkerModelOptions, epoch: ModelEpoch) {
    this.#options = options;
    this.#epoch = epoch;
    this.#nowMs = options.startMs;
    this.#updates = new LearnerUpdates(() => this.#sampleId);
  }

  /** Takes the model over and opens it. Throws as `claimEpoch` and `OnlineLearner.open`. */
  static async open(options: WorkerModelOptions): Promise<WorkerModel> {
    const { modelId, baseDir } = options;
    const model = new WorkerModel(options, await claimEpoch(join(baseDir, modelId)));
    try {
      await model.#open();
      return model;
    } catch (error) {
      await model.close().catch(() => {});
      throw error;
    }
  }

  /** Whether nobody else has claimed it. */
  isOwned(): Promise<boolean> {
    return isOwned(this.#epoch);
  }

  /** Events that Kafka does not have yet. */
  get waitingEvents(): number {
    return this.#publisher?.status().waiting ?? 0;
  }

  /** Events that found no room. */
  get refusedEvents(): number {
    return this.#publisher?.status().refused ?? 0;
  }

  /** Since when Kafka does not take events. */
  get outage() {
    return this.#publisher?.status().outage;
  }

  /**
   * Learns signals of one source, oldest first; resolves when they are durable and learned. Throws
   * STORE_LOCKED, FILE_FAILED when the model went to another owner.
   */
  async take(signals: readonly Signal[]): Promise<Taken> {
    const learner = this.#learner!;
    const taken: Taken = { applied: 0, redelivered: 0 };
    const kept = signals.flatMap(({ source, offset, sample }) => {
      const next = this.#next.get(source) ?? learner.nextOffset(source);
      if (offset < next) {
        taken.redelivered += 1;
        return [];
      }
      this.#next.set(source, offset + 1);
      return [learner.submit(sample, { source, offset })];
    });
    taken.applied = kept.length;
    // All of them first: a rejection that nobody awaits would end the process.
    const ends = await Promise.allSettled(kept);
    for (const end of ends) if (end.status === "rejected") throw end.reason;
    const learned = ends.flatMap((end) => (end.status === "fulfilled" ? end.value.learned : []));
    for (const end of await Promise.allSettled(learned)) {
      if (end.status === "rejected") this.#options.onFailure(end.reason, this.#options.modelId);
    }
    return taken;
  }

  /** Throws as the model's own check, before anything is kept. */
  check(sample: Sample): void {
    this.#configured!.options.model.check("signal", [sample]);
  }

  /** Resolves when Kafka has every event, or `limitMs` is over. */
  async drain(limitMs: number): Promise<void> {
    if (!this.#publisher) return;
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, limitMs);
    });
    await Promise.race([this.#publisher.drained(), limit]);
    clearTimeout(timer);
  }

  /** Keeps the state and gives the folder free; what another owner has made impossible is left. */
  async close(): Promise<void> {
    try {
      await this.#learner?.close();
    } finally {
      this.#configured?.dispose();
      this.#configured = undefined;
      await this.#publisher?.close();
    }
  }

  async #open(): Promise<void> {
    const { modelId, configure } = this.#options;
    const { path } = this.#epoch;
    if (await isThere(join(path, OUTBOX))) await this.#openPublisher();
    this.#configured = configure();
    this.#learner = await OnlineLearner.open({
      ...this.#configured.options,
      modelId,
      storagePath: path,
      disk: new EpochDisk(this.#epoch),
      // A signal is passed over once it is known: it has to be durable by then.
      durableSamples: true,
      now: () => this.#nowMs,
      beforeLearning: ({ id, timestamp }) => {
        this.#sampleId = id;
        if (timestamp) this.#nowMs = millisecondsOf("timestamp", timestamp);
      },
      keepEvents: (events) => this.#keepEvents(events),
    });
  }

  async #keepEvents(events: readonly LearnerEvent[]): Promise<void> {
    for (const happening of events) {
      const event = this.#updates.hear(happening);
      if (event) await this.#publish(event);
    }
  }

  /** An outbox that is full must not stop the learner: what found no room is counted and told. */
  async #publish(event: IdentifiedEvent): Promise<void> {
    const publisher = this.#publisher ?? (await this.#openPublisher());
    try {
      await publisher.publish(event);
    } catch (error) {
      if ((error as { code?: string }).code !== "OUTBOX_FULL") throw error;
      this.#options.onFailure(error, this.#options.modelId);
    }
  }

  /** Opened with the first event: most models have none for a long time. */
  async #openPublisher(): Promise<UpdatePublisher> {
    const { modelId, sender, topic, outboxCapacity, source, onFailure } = this.#options;
    const storage = {
      storagePath: join(this.#epoch.path, OUTBOX),
      disk: new EpochDisk(this.#epoch),
    };
    const path = join(storage.storagePath, SOURCE);
    await replaceSingleFile(path, encoder.encode(source), storage.disk);
    this.#publisher = await UpdatePublisher.open({
      storage,
      sender,
      topic,
      capacity: outboxCapacity,
      mayDeliver: () => this.isOwned(),
      onFailure: (error) => onFailure(error, modelId),
    });
    return this.#publisher;
  }
}

/** The one of `sources` that a model belongs to whose events Kafka has yet to get. */
export async function findWaiting(
  baseDir: string,
  modelId: string,
  sources: ReadonlySet<string>,
): Promise<string | undefined> {
  const epoch = await newestEpoch(join(baseDir, modelId));
  const outbox = epoch && join(epoch.path, OUTBOX);
  if (!outbox || !(await isThere(join(outbox, "journal")))) return undefined;
  const bytes = await readSingleFile(join(outbox, SOURCE));
  const source = bytes && decodeUtf8(bytes);
  return source !== undefined && sources.has(source) ? source : undefined;
}

/** The newest folder of a model, for reading. */
export async function findModelFolder(baseDir: string, modelId: string) {
  return (await newestEpoch(join(baseDir, modelId)))?.path;
}
