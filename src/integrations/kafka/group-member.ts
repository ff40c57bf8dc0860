// A member of a consumer group: what it was given, what is there to read, and when that is over.

import type { Consumer, Message } from "@platformatic/kafka";
import { monotonicMs } from "../../foundation.ts";
import { ANSWER_MS, baseOptions, type Driver, limited, loadDriver } from "./kafka-client.ts";
import type { KafkaConnection } from "./kafka-options.ts";

/** How long a broker may hold back an answer that has no messages. */
const FETCH_WAIT_MS = 250;
/** Sessions without a sign of life after which a membership is given up: some calls never end. */
const PATIENCE = 3;
/** Signs of life in the time after which one is taken for dead. */
const BEATS = 5;

/** A partition of a topic. */
export interface Partition {
  topic: string;
  partition: number;
}

/** The next message of a partition to read. */
export interface PartitionOffset extends Partition {
  offset: number;
}

/** One message as it was read. */
export interface IncomingMessage extends PartitionOffset {
  key: string | undefined;
  value: string | undefined;
  /** Milliseconds since 1970. */
  timestampMs: number;
}

/** How a member of a group joins it. */
export interface MemberOptions {
  connection: KafkaConnection;
  topic: string;
  groupId: string;
  sessionTimeoutMs: number;
}

/** A consumer in a group. What it throws is the client's; whoever gets it joins again. */
export class GroupMember {
  readonly #options: MemberOptions;
  readonly #consumer: Consumer<string, string, string, string>;
  readonly #driver: Driver;
  #lastBeatMs = monotonicMs();
  /** Counts what ends the right to partitions: a rebalance that begins, and one that ends. */
  #turn = 0;
  #isAssigned = false;
  #hasJoined = false;
  #failure: unknown;
  #heard: (() => void)[] = [];
  readonly #watch: NodeJS.Timeout;

  private constructor(
    options: MemberOptions,
    driver: Driver,
    consumer: Consumer<string, string, string, string>,
  ) {
    this.#options = options;
    this.#driver = driver;
    this.#consumer = consumer;
    consumer.on("consumer:heartbeat:end", () => {
      this.#lastBeatMs = monotonicMs();
    });
    consumer.on("consumer:group:rebalance", () => this.#change(false));
    consumer.on("consumer:group:join", () => this.#change(true));
    consumer.on("error", (error: unknown) => this.#fail(error));
    const patienceMs = PATIENCE * options.sessionTimeoutMs;
    this.#watch = setInterval(() => {
      if (monotonicMs() - this.#lastBeatMs < patienceMs || !this.#hasJoined) return;
      this.#fail(new Error(`Expected a sign of life of the group in ${patienceMs} ms, got none.`));
    }, options.sessionTimeoutMs);
  }

  /** Resolves once partitions were handed out. Throws DRIVER_MISSING. */
  static async join(options: MemberOptions, signal: AbortSignal): Promise<GroupMember> {
    const driver = await loadDriver();
    const { sessionTimeoutMs: sessionTimeout } = options;
    const consumer = new driver.Consumer({
      ...baseOptions(options.connection),
      groupId: options.groupId,
      deserializers: driver.stringDeserializers,
      sessionTimeout,
      rebalanceTimeout: sessionTimeout,
      heartbeatInterval: Math.ceil(sessionTimeout / BEATS),
      // The answer to a request to join comes when every other member has asked as well.
      timeout: Math.max(ANSWER_MS, 2 * sessionTimeout),
      autocommit: false,
      maxWaitTime: FETCH_WAIT_MS,
    });
    const member = new GroupMember(options, driver, consumer);
    try {
      consumer.topics.track(options.topic);
      const limitMs = PATIENCE * Math.max(sessionTimeout, ANSWER_MS);
      await limited("let a member in", consumer.joinGroup({}), signal, limitMs);
      member.#hasJoined = true;
      return member;
    } catch (error) {
      await member.close();
      throw error;
    }
  }

  /** Whether it is still the owner of what it was given, as far as it can tell. */
  isCurrent(turn: number): boolean {
    const silentMs = monotonicMs() - this.#lastBeatMs;
    return turn === this.#turn && silentMs < this.#options.sessionTimeoutMs && !this.#failure;
  }

  /** Resolves with a number for the time in which the partitions stay the same. */
  async settled(signal: AbortSignal): Promise<number> {
    while (!this.#isAssigned && !this.#failure && !signal.aborted) await this.#changed(signal);
    if (this.#failure) throw this.#failure;
    return this.#turn;
  }

  /** Resolves when `turn` is over, or at the latest when `signal` says so. */
  async isOver(turn: number, signal: AbortSignal): Promise<void> {
    while (turn === this.#turn && !this.#failure && !signal.aborted) await this.#changed(signal);
  }

  /** The partitions that it was given. */
  partitions(): Partition[] {
    const { topic } = this.#options;
    const mine = this.#consumer.assignments?.find((each) => each.topic === topic);
    return (mine?.partitions ?? []).map((partition) => ({ topic, partition }));
  }

  /** Where to go on by what was committed; the beginning where nothing was or it is gone. */
  async committed(): Promise<PartitionOffset[]> {
    const { topic } = this.#options;
    const mine = this.partitions();
    if (mine.length === 0) return [];
    const partitions = mine.map(({ partition }) => partition);
    const asked = this.#consumer.listCommittedOffsets({ topics: [{ topic, partitions }] });
    const notes = await limited("tell what was committed", asked);
    const { EARLIEST } = this.#driver.ListOffsetTimestamps;
    const listed = this.#consumer.listOffsets({ topics: [topic], timestamp: EARLIEST });
    const starts = await limited("tell the first offsets", listed);
    return mine.map(({ partition }) => {
      const noted = Number(notes.get(topic)?.[partition] ?? -1n);
      const start = Number(starts.get(topic)?.[partition] ?? 0n);
      return { topic, partition, offset: Math.max(noted, start) };
    });
  }

  /**
   * What is there to read from these offsets on, in the order of each partition and at most so many
   * at a time, until `turn` ends or `signal` says so.
   */
  async *read(
    offsets: readonly PartitionOffset[],
    turn: number,
    { most, signal }: { most: number; signal: AbortSignal },
  ): AsyncGenerator<IncomingMessage[]> {
    const opened = this.#consumer.consume({
      topics: [this.#options.topic],
      mode: "manual",
      offsets: offsets.map((each) => ({ ...each, offset: BigInt(each.offset) })),
      autocommit: false,
      maxWaitTime: FETCH_WAIT_MS,
    });
    const stream = await limited("let a member read", opened, signal);
    const end = new AbortController();
    const stop = () => end.abort();
    signal.addEventListener("abort", stop);
    if (signal.aborted) stop();
    // Its close() takes away the listeners by which the loop below would hear of the end.
    void this.isOver(turn, end.signal).then(() => stream.destroy());
    try {
      let batch: IncomingMessage[] = [];
      for await (const message of stream) {
        if (!this.isCurrent(turn)) return;
        batch.push(incoming(message));
        if (batch.length < most && stream.readableLength > 0) continue;
        yield batch;
        batch = [];
      }
    } catch (error) {
      if (turn === this.#turn && !signal.aborted) throw error;
    } finally {
      signal.removeEventListener("abort", stop);
      end.abort();
      stream.destroy();
    }
  }

  /** Notes for whoever reads these partitions next. */
  async commit(offsets: readonly PartitionOffset[]): Promise<void> {
    const noted = this.#consumer.commit({
      offsets: offsets.map((each) => ({ ...each, offset: BigInt(each.offset), leaderEpoch: -1 })),
    });
    await limited("take a commit", noted);
  }

  /** Leaves the group. */
  async close(): Promise<void> {
    clearInterval(this.#watch);
    this.#fail(new Error("closed"));
    const closed = this.#consumer.close(true) as void | Promise<void>;
    await limited("leave the group", closed).catch(() => {}); // which then notices by itself
  }

  #change(isAssigned: boolean): void {
    this.#turn += 1;
    this.#isAssigned = isAssigned;
    this.#lastBeatMs = monotonicMs();
    for (const tell of this.#heard.splice(0)) tell();
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
    for (const tell of this.#heard.splice(0)) tell();
  }

  /** Resolves at the next change. */
  #changed(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        signal.removeEventListener("abort", end);
        resolve();
      };
      this.#heard.push(end);
      signal.addEventListener("abort", end);
    });
  }
}

function incoming(message: Message<string, string, string, string>): IncomingMessage {
  const { topic, partition, key, value, offset, timestamp } = message;
  return {
    topic,
    partition,
    offset: Number(offset),
    key: key ?? undefined,
    value: value ?? undefined,
    timestampMs: Number(timestamp),
  };
}
