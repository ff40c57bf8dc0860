// The configuration file of the service: its models, the keys that may ask, its alerts.

import * as z from "zod";
import { type ModelConfig, parseModelConfigs } from "../config/model-config.ts";
import { DriftkeelRangeError } from "../errors.ts";
import { type KafkaSettings, kafkaIn } from "../integrations/kafka/index.ts";
import { mlflowIn } from "../integrations/mlflow/index.ts";
import { postgresIn } from "../integrations/timescale/index.ts";
import { parseOptions } from "../options.ts";
import { type AccessKey, SCOPES } from "./access.ts";
import { type AlertSettings, parseAlerts } from "./alerts/alert-config.ts";
import type { PartnerSettings } from "./partners.ts";

const NAME = "a text of 1 to 128 characters";
const DIGEST = /^[0-9a-f]{64}$/;
const KEYS = "an array of 1 to 1000 keys";

const keysInFile = z.strictObject({
  keys: z
    .array(
      z.strictObject({
        name: z.string(NAME).min(1, NAME).max(128, NAME),
        sha256: z.string(),
        scopes: z.array(z.enum(SCOPES)).min(1, "an array of at least 1 scope"),
      }),
      KEYS,
    )
    .min(1, KEYS)
    .max(1000, KEYS),
});

/** What a configuration file declares. */
interface ServiceConfig {
  models: Map<string, ModelConfig>;
  /** None when the file has no member `keys`. */
  keys: AccessKey[];
  /** Undefined when the file has no member `alerts`. */
  alerts: AlertSettings | undefined;
  /** Undefined when the file has no member `kafka`. */
  kafka: KafkaSettings | undefined;
  /** The members `mlflow` and `postgres`, where the file has them. */
  partners: PartnerSettings;
}

/**
 * Reads the text of a configuration file. name: what messages call the file; environment: holds
 * the secrets that the file names. Throws OPTION_INVALID, OPTION_UNKNOWN (naming the nearest).
 */
export function parseServiceConfig(
  name: string,
  text: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): ServiceConfig {
  const models = parseModelConfigs(name, text);
  // An object, or the line before had thrown.
  const json = JSON.parse(text) as { keys?: unknown; alerts?: unknown };
  return {
    models,
    keys: Object.hasOwn(json, "keys") ? parseKeys(name, json.keys) : [],
    alerts: Object.hasOwn(json, "alerts") ? parseAlerts(name, json.alerts, environment) : undefined,
    kafka: kafkaIn(name, text, environment),
    partners: {
      mlflow: mlflowIn(name, text, environment),
      postgres: postgresIn(name, text, environment),
    },
  };
}

function parseKeys(name: string, keys: unknown): AccessKey[] {
  return checkKeys(name, parseOptions(name, keysInFile, { keys }).keys);
}

/** No message shows a digest: somebody may have written the key itself in its place. */
function checkKeys(name: string, keys: AccessKey[]): AccessKey[] {
  for (const [index, { sha256 }] of keys.entries()) {
    if (DIGEST.test(sha256)) continue;
    throw new DriftkeelRangeError(
      "OPTION_INVALID",
      `Expected ${name} option "keys[${index}].sha256" to be the SHA-256 of a key as 64 ` +
        `hexadecimal digits in lower case, got a text of ${sha256.length} characters.`,
    );
  }
  for (const member of ["name", "sha256"] as const) {
    if (new Set(keys.map((key) => key[member])).size === keys.length) continue;
    const message = `Expected ${name} option "keys" to have a different ${member} for each key.`;
    throw new DriftkeelRangeError("OPTION_INVALID", message);
  }
  return keys;
}
