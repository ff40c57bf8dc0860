// Brings events to the topic `model_updates`: into a durable outbox, and from there to Kafka.

import * as z from "zod/mini";
import { FileStore, type FileStoreOptions } from "../../index.ts";
import { Outbox, type OutboxOptions, type OutboxStatus } from "../outbox/index.ts";
import type { OutgoingMessage } from "./kafka-client.ts";
import { type IdentifiedEvent, type ModelUpdateEvent, messageOf } from "./model-update-event.ts";

/** Sends messages: a `KafkaSender`. */
export interface Sender {
  send(messages: readonly OutgoingMessage[]): Promise<void>;
}

/** What a publisher is opened with. */
export interface PublisherOptions
  extends Pick<OutboxOptions, "mayDeliver" | "onFailure" | "capacity" | "now"> {
  /** Folder of the outbox, and the disk it is on. */
  storage: FileStoreOptions;
  /** Not closed with the publisher. */
  sender: Sender;
  topic: string;
}

const identified = z.object({
  id: z.string(),
  event: z.custom<ModelUpdateEvent>((value) => typeof value === "object" && value !== null),
});

/** Publishes the events of one folder. */
export class UpdatePublisher {
  readonly #outbox: Outbox;

  private constructor(outbox: Outbox) {
    this.#outbox = outbox;
  }

  /** Goes on with what waits in the folder. Throws FILE_CORRUPT, FILE_FAILED, STORE_LOCKED. */
  static async open(options: PublisherOptions): Promise<UpdatePublisher> {
    const { storage, sender, topic, ...rest } = options;
    const store = await FileStore.open(storage);
    const deliver = (batch: readonly object[]) =>
      sender.send(batch.map((record) => messageOf(topic, identified.parse(record))));
    try {
      return new UpdatePublisher(await Outbox.open({ store, deliver, ...rest }));
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  /** Keeps an event; resolves once it would survive a power cut. Throws as `Outbox.add`. */
  publish(event: IdentifiedEvent): Promise<void> {
    return this.#outbox.add(event);
  }

  /** How its outbox stands. */
  status(): OutboxStatus {
    return this.#outbox.status();
  }

  /** Resolves when Kafka has everything. */
  drained(): Promise<void> {
    return this.#outbox.drained();
  }

  /** Waits for the delivery under way. */
  close(): Promise<void> {
    return this.#outbox.close();
  }
}
