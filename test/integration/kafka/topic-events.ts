// The events on a topic, read by a client that knows nothing of Driftkeel.

import { Consumer, stringDeserializers } from "@platformatic/kafka";

/** An event as it lies on the topic. */
export interface TopicEvent {
  key: string;
  id: string;
  value: Record<string, unknown>;
}

/** Reads a topic from its beginning. */
class TopicReader {
  readonly #consumer: Consumer<string, string, string, string>;
  readonly #topic: string;

  constructor(broker: string, topic: string) {
    this.#topic = topic;
    this.#consumer = new Consumer({
      groupId: `reader-${process.pid}-${performance.now()}`.replace(".", "-"),
      clientId: "reader",
      bootstrapBrokers: [broker],
      deserializers: stringDeserializers,
    });
  }

  /** All that is there now, each partition in its order. */
  async readAll(): Promise<TopicEvent[]> {
    const ends = (await this.#consumer.listOffsets({ topics: [this.#topic] })).get(this.#topic)!;
    const total = ends.reduce((sum, end) => sum + Number(end), 0);
    const events: TopicEvent[] = [];
    if (total === 0) return events;
    const stream = await this.#consumer.consume({
      topics: [this.#topic],
      mode: "earliest",
      autocommit: false,
      maxWaitTime: 100,
      sessionTimeout: 6000,
      heartbeatInterval: 1000,
    });
    for await (const { key, value, headers } of stream) {
      const id = headers.get("event_id");
      events.push({ key: key ?? "", id: id ?? "", value: JSON.parse(value ?? "null") });
      if (events.length === total) break;
    }
    return events;
  }

  async close(): Promise<void> {
    await this.#consumer.close(true);
  }
}

/** The events of a topic now. */
export async function readTopic(broker: string, topic: string): Promise<TopicEvent[]> {
  const reader = new TopicReader(broker, topic);
  try {
    return await reader.readAll();
  } finally {
    await reader.close();
  }
}
