// The events of a service: of its jobs, and of the updates that its models make by themselves.

import { join } from "node:path";
import * as z from "zod/mini";
import { decodeUtf8, readSingleFile, replaceSingleFile, Turns } from "../../foundation.ts";
import type { Clock, LearnerEvent } from "../../index.ts";
import type { OutboxStatus } from "../outbox/index.ts";
import { type EndedJob, eventOfJob } from "./job-event.ts";
import { checkDriver, KafkaSender } from "./kafka-client.ts";
import type { KafkaSettings } from "./kafka-options.ts";
import { type IdentifiedEvent, LearnerUpdates } from "./model-update-event.ts";
import { UpdatePublisher } from "./update-publisher.ts";

/** The jobs of a service. */
export interface JobSource {
  list(): readonly EndedJob[];
  listen(listener: (job: EndedJob) => void): () => void;
}

/** What events are opened with. */
export interface UpdateEventsOptions {
  settings: KafkaSettings;
  /** The outbox is in `<baseDir>/.outbox/kafka`. */
  baseDir: string;
  now: Clock;
}

const toldRecord = z.object({ format_version: z.literal(1), finished_at: z.string() });
const encoder = new TextEncoder();

/** Publishes the end of every update of a service. */
export class UpdateEvents {
  /** Hears of what is no reason to stop: an outage, an event that found no room. */
  onFailure: (error: unknown) => void = () => {};
  readonly #baseDir: string;
  readonly #sender: KafkaSender;
  readonly #publisher: UpdatePublisher;
  readonly #updates = new Map<string, LearnerUpdates>();
  readonly #turns = new Turns();
  /** End of the newest job whose event is in the outbox. */
  #told: string | undefined;
  #jobs: JobSource | undefined;
  #stopListening: () => void = () => {};

  private constructor(
    baseDir: string,
    sender: KafkaSender,
    publisher: UpdatePublisher,
    told: string | undefined,
  ) {
    this.#baseDir = baseDir;
    this.#sender = sender;
    this.#publisher = publisher;
    this.#told = told;
  }

  /** Throws DRIVER_MISSING, STORE_LOCKED, FILE_CORRUPT, FILE_FAILED. */
  static async open(options: UpdateEventsOptions): Promise<UpdateEvents> {
    const { settings, baseDir, now } = options;
    await checkDriver();
    const bytes = await readSingleFile(toldPath(baseDir));
    const sender = new KafkaSender(settings.connection);
    let events: UpdateEvents | undefined;
    const publisher = await UpdatePublisher.open({
      storage: { storagePath: join(baseDir, ".outbox", "kafka") },
      sender,
      topic: settings.topic,
      capacity: settings.outboxCapacity,
      onFailure: (error) => events?.onFailure(error),
      now,
    });
    events = new UpdateEvents(baseDir, sender, publisher, bytes && toldIn(bytes));
    return events;
  }

  /** For `keepEvents` of the models. Throws FILE_FAILED. */
  async keep(happenings: readonly LearnerEvent[]): Promise<void> {
    for (const happening of happenings) {
      const updates = this.#updates.get(happening.modelId) ?? new LearnerUpdates();
      this.#updates.set(happening.modelId, updates);
      const found = updates.hear(happening);
      const event = found && this.#withJob(found);
      if (event) await this.#publish(event);
    }
  }

  /** Follows jobs from now on, and catches up with those that ended before they were told. */
  attach(jobs: JobSource): void {
    this.#jobs = jobs;
    this.#stopListening = jobs.listen((job) => this.#tell(job));
    const told = this.#told;
    if (told === undefined) return; // a service that had no Kafka before tells no history
    for (const job of jobs.list()) if ((job.finished_at ?? "") > told) this.#tell(job);
  }

  /** How the outbox stands. */
  status(): OutboxStatus {
    return this.#publisher.status();
  }

  /** Keeps what is under way; what Kafka does not have yet waits for the next start. */
  async close(): Promise<void> {
    this.#stopListening();
    await this.#turns.run(async () => {});
    const disconnected = this.#sender.close(); // ends a delivery that would take long
    await this.#publisher.close();
    await disconnected;
  }

  #tell(job: EndedJob): void {
    const found = eventOfJob(job);
    // Its learner tells a rollback as well, and knows when that was.
    if (!found || job.status === "rolled_back") return;
    const told = this.#turns.run(async () => {
      await this.#publish(found);
      const finished_at = found.event.timestamp;
      if (finished_at <= (this.#told ?? "")) return;
      const text = JSON.stringify({ format_version: 1, finished_at });
      await replaceSingleFile(toldPath(this.#baseDir), encoder.encode(`${text}\n`));
      this.#told = finished_at;
    });
    told.catch((error) => this.onFailure(error));
  }

  /** What was asked for is told by the job; the rollback of what a job made names the job. */
  #withJob(found: IdentifiedEvent): IdentifiedEvent | undefined {
    const { update_type, outcome, version_id, model_id, timestamp } = found.event;
    if (update_type === "request") return undefined;
    if (outcome !== "rolled_back" || version_id === null) return found;
    const jobs = this.#jobs?.list() ?? [];
    const job = jobs.find((each) => each.report?.version_id === version_id);
    if (job?.model_id !== model_id) return found;
    return eventOfJob({ ...job, status: "rolled_back", finished_at: timestamp });
  }

  /** An outbox that is full stops nobody: what found no room is counted and told. */
  async #publish(event: IdentifiedEvent): Promise<void> {
    try {
      await this.#publisher.publish(event);
    } catch (error) {
      if ((error as { code?: string }).code !== "OUTBOX_FULL") throw error;
      this.onFailure(error);
    }
  }
}

const toldPath = (baseDir: string) => join(baseDir, ".outbox", "kafka-told.json");

/** A note that cannot be read is none: at worst an event is missing, never a service. */
function toldIn(bytes: Uint8Array): string | undefined {
  try {
    return toldRecord.parse(JSON.parse(decodeUtf8(bytes) ?? "")).finished_at;
  } catch {
    return undefined;
  }
}
