// The Kafka client (@platformatic/kafka): how it is loaded, and a producer. Only this file and
// group-member.ts know it.

import type { Producer } from "@platformatic/kafka";
import { Turns } from "../../foundation.ts";
import { DriftkeelError } from "../../index.ts";
import type { KafkaConnection } from "./kafka-options.ts";

/** The client's package. */
export type Driver = typeof import("@platformatic/kafka");

/** Milliseconds in which a broker has to answer. */
export const ANSWER_MS = 5_000;
/** What a client gets for one thing, its own attempts together; some of them never end. */
const LIMIT_MS = 10_000;
/** What is being sent at the end gets that long. */
const GRACE_MS = 500;

/** The client's package. Throws DRIVER_MISSING. */
export async function loadDriver(): Promise<Driver> {
  try {
    return await import("@platformatic/kafka");
  } catch (cause) {
    const message = 'Expected the package "@platformatic/kafka": install it to use Kafka.';
    throw new DriftkeelError("DRIVER_MISSING", message, { cause });
  }
}

/** Settles as `work`, or rejects when that takes too long or `signal` says so. */
export async function limited<T>(
  what: string,
  work: T | Promise<T>,
  signal?: AbortSignal,
  limitMs: number = LIMIT_MS,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  let end = () => {};
  const limit = new Promise<never>((_, reject) => {
    const message = `Expected Kafka to ${what} in ${limitMs} ms; it is away or overloaded.`;
    timer = setTimeout(() => reject(new Error(message)), limitMs);
    end = () => reject(signal?.reason);
    signal?.addEventListener("abort", end);
    if (signal?.aborted) end();
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", end);
  }
}

/** Throws DRIVER_MISSING unless the client is installed. */
export async function checkDriver(): Promise<void> {
  await loadDriver();
}

/** The options of every client. */
export const baseOptions = ({ brokers, clientId, tls, sasl }: KafkaConnection) => ({
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
  readonly #end = new AbortController();
  #producer: Producer<string, string, string, string> | undefined;

  constructor(connection: KafkaConnection) {
    this.#connection = connection;
  }

  /** Resolves once the brokers have them all. Throws what the client throws, DRIVER_MISSING. */
  send(messages: readonly OutgoingMessage[]): Promise<void> {
    return this.#turns.run(async () => {
      this.#end.signal.throwIfAborted();
      this.#producer ??= await this.#connect();
      try {
        const sent = this.#producer.send({ messages: [...messages], acks: -1 });
        await limited("send", sent, this.#end.signal);
      } catch (error) {
        // Its sequence numbers may have a gap now that no broker would accept.
        await this.#disconnect();
        throw error;
      }
    });
  }

  /** Disconnects; what is being sent gets a moment, and nothing is sent any more. */
  async close(): Promise<void> {
    const last = this.#turns.run(() => this.#disconnect());
    const grace = setTimeout(() => this.#end.abort(), GRACE_MS);
    await last;
    clearTimeout(grace);
    this.#end.abort();
  }

  async #disconnect(): Promise<void> {
    const producer = this.#producer;
    this.#producer = undefined;
    const { signal } = this.#end;
    // Given up either way.
    if (producer) await limited("disconnect", producer.close(), signal).catch(() => {});
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
