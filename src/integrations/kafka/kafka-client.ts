// The one file that knows the Kafka client (@platformatic/kafka): a producer and a group member.

import type { Consumer, Message, Producer } from "@platformatic/kafka";
import { monotonicMs, Turns } from "../../foundation.ts";
import { DriftkeelError } from "../../index.ts";
import type { KafkaConnection } from "./kafka-options.ts";

type Driver = typeof import("@platformatic/kafka");

/** Milliseconds in which a broker has to answer. */
const ANSWER_MS = 5_000;
/** What a client gets for one thing, its own attempts together; some of them never end. */
const LIMIT_MS = 10_000;
/** How long a broker may hold back an answer that has no messages. */
const FETCH_WAIT_MS = 250;
/** Signs of life in the time after which one is taken for dead. */
const BEATS = 5;

async function loadDriver(): Promise<Driver> {
  try {
    return await import("@platformatic/kafka");
  } catch (cause) {
    const message = 'Expected the package "@platformatic/kafka": install it to use Kafka.';
    throw new DriftkeelError("DRIVER_MISSING", message, { cause });
  }
}

/** Settles as `work`, or rejects when that takes too long. */
async function limited<T>(what: string, work: T | Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    const message = `Expected Kafka to ${what} in ${LIMIT_MS} ms; it is away or overloaded.`;
    timer = setTimeout(() => reject(new Error(message)), LIMIT_MS);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}

/** Throws DRIVER_MISSING unless the client is installed. */
export async function checkDriver(): Promise<void> {
  await loadDriver();
}

const baseOptions = ({ brokers, clientId, tls, sasl }: KafkaConnection) => ({
  clientId,
  bootstrapBrokers: brokers,
  timeout: ANSWER_MS,
  connectTimeout: ANSWER_MS,
  ...(tls && { tls: {} }),
  ...(sasl && { sasl }),
});

/** One message to send. */
export interface OutgoingMessage {
  topic: string;
  key: string;
  value: string;
  headers: Record<string, string>;
}

/** Sends messages; idempotent, acknowledged by every replica that is in step. */
export class KafkaSender {
  readonly #connection: KafkaConnection;
  /** Brokers refuse batches of an idempotent producer that overtake each other. */
  readonly #turns = new Turns();
  #producer: Producer<string, string, string, string> | undefined;

  constructor(connection: KafkaConnection) {
    this.#connection = connection;
  }

  /** Resolves once the brokers have them all. Throws what the client throws, DRIVER_MISSING. */
  send(messages: readonly OutgoingMessage[]): Promise<void> {
    return this.#turns.run(async () => {
      this.#producer ??= await this.#connect();
      try {
        await limited("send", this.#producer.send({ messages: [...messages], acks: -1 }));
      } catch (error) {
        // Its sequence numbers may have a gap now that no broker would accept.
        await this.#disconnect();
        throw error;
      }
    });
  }

  /** Waits for what is being sent and disconnects. */
  close(): Promise<void> {
    return this.#turns.run(() => this.#disconnect());
  }

  async #disconnect(): Promise<void> {
    const producer = this.#producer;
    this.#producer = undefined;
    if (producer) await limited("disconnect", producer.close()).catch(() => {}); // given up anyway
  }

  async #connect(): Promise<Producer<string, string, string, string>> {
    const { Producer: Client, stringSerializers } = await loadDriver();
    const producer = new Client({
      ...baseOptions(this.#connection),
      serializers: stringSerializers,
      idempotent: true,
      retries: 1,
    });
    producer.on("error", () => {}); // what goes wrong is heard where it is awaited
    return producer;
  }
}

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
  #failure: unknown;
  #heard: (() => void)[] = [];

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
  }

  /** Resolves once partitions were handed out. Throws DRIVER_MISSING. */
  static async join(options: MemberOptions): Promise<GroupMember> {
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
      await consumer.joinGroup({});
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
    const notes = await this.#consumer.listCommittedOffsets({ topics: [{ topic, partitions }] });
    const { EARLIEST } = this.#driver.ListOffsetTimestamps;
    const starts = await this.#consumer.listOffsets({ topics: [topic], timestamp: EARLIEST });
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
    const stream = await this.#consumer.consume({
      topics: [this.#options.topic],
      mode: "manual",
      offsets: offsets.map((each) => ({ ...each, offset: BigInt(each.offset) })),
      autocommit: false,
      maxWaitTime: FETCH_WAIT_MS,
    });
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
    await this.#consumer.commit({
      offsets: offsets.map((each) => ({ ...each, offset: BigInt(each.offset), leaderEpoch: -1 })),
    });
  }

  /** Leaves the group. */
  async close(): Promise<void> {
    this.#fail(new Error("closed"));
    const closed = this.#consumer.close(true) as void | Promise<void>;
    await limited("leave the group", closed).catch(() => {}); // which then notices by itself
  }

  #change(isAssigned: boolean): void {
    this.#turn += 1;
    this.#isAssigned = isAssigned;
    if (isAssigned) this.#lastBeatMs = monotonicMs();
    for (const tell of this.#heard.splice(0)) tell();
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
    for (const tell of this.#heard.splice(0)) tell();
  }

  /** Resolves at the next change. */
  #changed(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      this.#heard.push(resolve);
      signal.addEventListener("abort", () => resolve(), { once: true });
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
