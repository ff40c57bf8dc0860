// Kafka: what `driftkeel/kafka` offers.

export { Outbox, type OutboxOptions, type OutboxStatus } from "../outbox/index.ts";
export { type EndedJob, eventOfJob } from "./job-event.ts";
export { KafkaSender, type OutgoingMessage } from "./kafka-client.ts";
export {
  type KafkaConnection,
  type KafkaSettings,
  kafkaIn,
  parseKafka,
} from "./kafka-options.ts";
export {
  type IdentifiedEvent,
  LearnerUpdates,
  type ModelUpdateEvent,
} from "./model-update-event.ts";
export { type JobSource, UpdateEvents, type UpdateEventsOptions } from "./update-events.ts";
export { type PublisherOptions, UpdatePublisher } from "./update-publisher.ts";
export { KafkaWorker, type WorkerLog, type WorkerOptions, type WorkerStatus } from "./worker.ts";
export { type ConfiguredModel, findModelFolder } from "./worker-model.ts";
