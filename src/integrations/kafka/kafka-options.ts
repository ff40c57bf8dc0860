// The member `kafka` of a configuration file: where the brokers are, and what goes where.

import * as z from "zod/mini";
import { parseOptions } from "../../foundation.ts";
import { DriftkeelRangeError } from "../../index.ts";

const NAME = "a text of 1 to 249 of A-Z a-z 0-9 . _ -";
/** What Kafka allows for topics; clients and groups keep to it as well. */
const name = z.string(NAME).check(z.regex(/^[A-Za-z0-9._-]{1,249}$/, NAME));
const BROKER = "a broker as host:port";
const broker = z.string(BROKER).check(z.regex(/^.{1,253}:\d{1,5}$/, BROKER));
const BROKERS = "an array of 1 to 100 brokers";

const count = (least: number, most: number) => {
  const phrase = `an integer from ${least} to ${most}`;
  return z.int(phrase).check(z.minimum(least, phrase), z.maximum(most, phrase));
};

const settings = z.strictObject({
  brokers: z.array(broker, BROKERS).check(z.minLength(1, BROKERS), z.maxLength(100, BROKERS)),
  client_id: z._default(name, "driftkeel"),
  tls: z._default(z.boolean(), false),
  sasl: z.optional(
    z.strictObject({
      mechanism: z._default(z.enum(["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]), "SCRAM-SHA-512"),
      username: z.string(),
      password_env: z.string(),
    }),
  ),
  /** Gets an event for every update that has ended. */
  topic: z._default(name, "model_updates"),
  /** Events that may wait for a Kafka that is away. */
  outbox_capacity: z._default(count(1, 1_000_000), 100_000),
  /** What workers read, and the group that they share it in. */
  feedback_topic: z._default(name, "feedback"),
  group_id: z._default(name, "driftkeel"),
  /** Without a sign of life for that long a worker's partitions go to others. */
  session_timeout_ms: z._default(count(1000, 3_600_000), 10_000),
  /** Signals that a worker takes at a time. */
  batch_size: z._default(count(1, 100_000), 500),
  /** Models that a worker keeps open. */
  max_open_models: z._default(count(1, 100_000), 500),
});

/** What a client needs to connect. */
export interface KafkaConnection {
  brokers: string[];
  clientId: string;
  tls: boolean;
  sasl?: {
    mechanism: "PLAIN" | "SCRAM-SHA-256" | "SCRAM-SHA-512";
    username: string;
    password: string;
  };
}

/** The member `kafka`, with its defaults. */
export interface KafkaSettings {
  connection: KafkaConnection;
  topic: string;
  outboxCapacity: number;
  feedbackTopic: string;
  groupId: string;
  sessionTimeoutMs: number;
  batchSize: number;
  maxOpenModels: number;
}

/**
 * Reads the member `kafka` of a configuration file. name: what messages call the file; environment:
 * holds the password that the file names. Throws OPTION_INVALID, OPTION_UNKNOWN.
 */
export function parseKafka(
  name: string,
  value: unknown,
  environment: Readonly<Record<string, string | undefined>>,
): KafkaSettings {
  const parsed = parseOptions(name, z.strictObject({ kafka: settings }), { kafka: value }).kafka;
  const { brokers, client_id: clientId, tls, sasl } = parsed;
  const connection: KafkaConnection = { brokers, clientId, tls };
  if (sasl) {
    const { mechanism, username, password_env: variable } = sasl;
    const password = environment[variable];
    if (!password) {
      throw new DriftkeelRangeError(
        "OPTION_INVALID",
        `Expected ${name} option "kafka.sasl.password_env" to name an environment variable that ` +
          "holds the password, got one that is not set.",
      );
    }
    connection.sasl = { mechanism, username, password };
  }
  return {
    connection,
    topic: parsed.topic,
    outboxCapacity: parsed.outbox_capacity,
    feedbackTopic: parsed.feedback_topic,
    groupId: parsed.group_id,
    sessionTimeoutMs: parsed.session_timeout_ms,
    batchSize: parsed.batch_size,
    maxOpenModels: parsed.max_open_models,
  };
}

/** The member `kafka` of a whole configuration file; undefined when there is none. */
export function kafkaIn(
  name: string,
  text: string,
  environment: Readonly<Record<string, string | undefined>>,
): KafkaSettings | undefined {
  const json = JSON.parse(text) as { kafka?: unknown };
  return Object.hasOwn(json, "kafka") ? parseKafka(name, json.kafka, environment) : undefined;
}
