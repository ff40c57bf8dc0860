// `driftkeel worker`: a member of a consumer group that learns the signals of its partitions.
//
// The position of a model in its partition is kept with its state, in one write with each signal.
// What Kafka keeps of the group is a hint: where it is behind, signals come again and are passed
// over; it is never ahead, because a signal is durable before its offset is committed.

import { clock, millisecondsOf } from "../../foundation.ts";
import type { Sample } from "../../index.ts";
import { pause } from "../outbox/pause.ts";
import { GroupMember, type IncomingMessage, type PartitionOffset } from "./group-member.ts";
import { checkDriver, KafkaSender } from "./kafka-client.ts";
import type { KafkaSettings } from "./kafka-options.ts";
import { OwnedModels } from "./owned-models.ts";
import type { ConfiguredModel, Signal } from "./worker-model.ts";

/** What a worker is started with. */
export interface WorkerOptions {
  settings: KafkaSettings;
  /** Shared by all workers of the group; holds a folder per model. */
  baseDir: string;
  /** How to make the learner of each model. */
  models: ReadonlyMap<string, () => ConfiguredModel>;
  /** The sample of a message; a text that is none throws. */
  sampleOf: (text: string) => Sample;
  /** Gets what goes wrong and is no reason to stop. */
  log?: WorkerLog;
}

/** Where a worker tells what it does. */
export interface WorkerLog {
  info(facts: object, message: string): void;
  error(facts: object, message: string): void;
}

/** What a worker has done since it was started. */
export interface WorkerStatus {
  /** Partitions that it has now. */
  partitions: number;
  /** Signals learned. */
  applied: number;
  /** Signals that came again and were passed over. */
  redelivered: number;
  /** Signals that are none: no JSON, a wrong shape, a model that is not declared. */
  refused: number;
  /** Models that it owns now. */
  models: number;
  /** Events that Kafka does not have yet, and those that found no room to wait. */
  waitingEvents: number;
  refusedEvents: number;
  /** Why it is without Kafka; undefined when it is not. */
  outage: string | undefined;
}

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
/** After that a model that could not take its signals is tried again. */
const RETRY_MS = 5_000;
/** What events get at the end to reach Kafka; the others wait for the next start. */
const DRAIN_MS = 5_000;

/** A worker that runs until it is closed. */
export class KafkaWorker {
  readonly #options: WorkerOptions;
  readonly #sender: KafkaSender;
  readonly #models: OwnedModels;
  readonly #stop = new AbortController();
  readonly #log: WorkerLog;
  #counts = { applied: 0, redelivered: 0, refused: 0 };
  #partitions = 0;
  #outage: string | undefined;
  readonly #ended: Promise<void>;

  private constructor(options: WorkerOptions) {
    const { settings, baseDir, models, log } = options;
    const now = clock.parse(undefined);
    this.#options = options;
    this.#log = log ?? { info() {}, error() {} };
    this.#sender = new KafkaSender(settings.connection);
    this.#models = new OwnedModels({
      baseDir,
      models,
      sender: this.#sender,
      topic: settings.topic,
      outboxCapacity: settings.outboxCapacity,
      maxOpen: settings.maxOpenModels,
      nowMs: () => millisecondsOf("now()", now()),
      onFailure: (error, model) => this.#log.error({ model, err: error }, "not as it should be"),
    });
    this.#ended = this.#run();
  }

  /** Starts; a Kafka that is away is waited for. Throws DRIVER_MISSING. */
  static async start(options: WorkerOptions): Promise<KafkaWorker> {
    await checkDriver();
    return new KafkaWorker(options);
  }

  /** What it has done and how it stands. */
  status(): WorkerStatus {
    return {
      partitions: this.#partitions,
      ...this.#counts,
      ...this.#models.status(),
      outage: this.#outage,
    };
  }

  /** Ends the batch under way, keeps every model and leaves the group. Again only waits. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    let pauseMs = FIRST_PAUSE_MS;
    while (!signal.aborted) {
      try {
        await this.#serveAsMember(() => {
          pauseMs = FIRST_PAUSE_MS;
          this.#outage = undefined;
        });
      } catch (error) {
        if (signal.aborted) break;
        this.#outage = error instanceof Error ? error.message : String(error);
        this.#log.error({ err: error }, "not a member of the group; joining again");
        await pause(pauseMs, signal, { holdsProcess: true });
        pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
      }
    }
    await this.#models.closeAll();
    await this.#sender.close();
  }

  /** Joins and serves until it is stopped, or until it throws what ended the membership. */
  async #serveAsMember(onServing: () => void): Promise<void> {
    const { signal } = this.#stop;
    const { connection, feedbackTopic: topic, groupId, sessionTimeoutMs } = this.#options.settings;
    const options = { connection, topic, groupId, sessionTimeoutMs };
    const member = await GroupMember.join(options, signal);
    try {
      while (!signal.aborted) {
        const turn = await member.settled(signal);
        if (signal.aborted) return;
        await this.#serve(member, turn, onServing);
      }
    } finally {
      this.#partitions = 0;
      if (signal.aborted) {
        await this.#models.drain(DRAIN_MS);
        const disconnected = this.#sender.close(); // ends deliveries that would take long
        // Before it leaves: whoever gets a model next then finds all of it kept.
        await this.#models.closeAll();
        await disconnected;
      }
      await member.close();
    }
  }

  /** Serves the partitions of one turn, until it is over or a model has to be tried again. */
  async #serve(member: GroupMember, turn: number, onServing: () => void): Promise<void> {
    const { signal } = this.#stop;
    const { batchSize } = this.#options.settings;
    const offsets = await member.committed();
    const sources = new Set(offsets.map(sourceOf));
    await this.#models.keepOnly(sources);
    await this.#models.adopt(sources);
    this.#partitions = offsets.length;
    this.#log.info({ partitions: offsets.map(({ partition }) => partition) }, "partitions");
    onServing();
    if (offsets.length === 0) return member.isOver(turn, signal);
    const progress = new Progress();
    for await (const batch of member.read(offsets, turn, { most: batchSize, signal })) {
      await this.#take(batch, progress, () => member.isCurrent(turn));
      if (!member.isCurrent(turn)) return;
      await member.commit(progress.commits());
      if (signal.aborted) return;
      if (progress.isHeldUp) return pause(RETRY_MS, signal, { holdsProcess: true });
    }
  }

  /** Learns a batch: models side by side, each in the order of its signals. */
  async #take(
    batch: readonly IncomingMessage[],
    progress: Progress,
    isCurrent: () => boolean,
  ): Promise<void> {
    const byModel = new Map<string, Signal[]>();
    for (const message of batch) {
      progress.read(message);
      const signal = this.#signalOf(message);
      if (!signal) continue;
      const signals = byModel.get(message.key!) ?? [];
      byModel.set(message.key!, signals);
      signals.push(signal);
    }
    const work = Array.from(byModel, async ([modelId, signals]) => {
      const { taken, refused, failure } = await this.#models.take(modelId, signals, isCurrent);
      this.#counts.applied += taken.applied;
      this.#counts.redelivered += taken.redelivered;
      this.#counts.refused += refused;
      if (failure === undefined) return;
      progress.holdUp(signals);
      if (!isCurrent()) return; // whoever has the partition now learns them
      this.#log.error({ model: modelId, err: failure }, "signals are tried again later");
    });
    await Promise.all(work);
  }

  /** Undefined for what is no signal of a declared model: it would be none the next time, too. */
  #signalOf(message: IncomingMessage): Signal | undefined {
    const { key, value, offset, timestampMs, topic, partition } = message;
    try {
      if (key === undefined || !this.#options.models.has(key)) {
        throw new RangeError("Expected the id of a declared model as the key of a signal.");
      }
      const sample = this.#options.sampleOf(value ?? "");
      // The log's own time: the same whenever the signal is read.
      const timestamp = sample.timestamp ?? new Date(timestampMs);
      return { source: sourceOf(message), offset, sample: { ...sample, timestamp } };
    } catch (err) {
      this.#counts.refused += 1;
      this.#log.error({ topic, partition, offset, err }, "no signal");
      return undefined;
    }
  }
}

/** Names a partition in the states of models. */
function sourceOf({ topic, partition }: Omit<PartitionOffset, "offset">): string {
  return `${topic}/${partition}`;
}

/** How far the partitions were read, and up to where all of it is durable. */
class Progress {
  readonly #next = new Map<string, PartitionOffset>();
  /** By source: the first signal that could not be taken. */
  readonly #heldUp = new Map<string, number>();

  read({ topic, partition, offset }: IncomingMessage): void {
    this.#next.set(sourceOf({ topic, partition }), { topic, partition, offset: offset + 1 });
  }

  holdUp(signals: readonly Signal[]): void {
    for (const { source, offset } of signals) {
      this.#heldUp.set(source, Math.min(this.#heldUp.get(source) ?? offset, offset));
    }
  }

  get isHeldUp(): boolean {
    return this.#heldUp.size > 0;
  }

  commits(): PartitionOffset[] {
    return Array.from(this.#next, ([source, next]) => {
      const offset = Math.min(next.offset, this.#heldUp.get(source) ?? next.offset);
      return { ...next, offset };
    });
  }
}
