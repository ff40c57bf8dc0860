// Models declared in a JSON file: what the file may say, checked before anything is made of it.
//
// Everything in the file is snake_case. A message names the place in the file, as in
// `models.signal.network.layers[0].size`.

import * as z from "zod/mini";
import { describeValue } from "../describe-value.ts";
import { DriftkeelRangeError, DriftkeelTypeError } from "../errors.ts";
import {
  finiteNumber,
  nonNegativeInteger,
  nonNegativeNumber,
  parseOptions,
  positiveInteger,
  positiveNumber,
  seed,
  share,
  shareBelowOne,
} from "../options.ts";
import { detectorConfig } from "./detector-config.ts";
import { onlineUpdateConfig } from "./online-update-config.ts";
import { checkWindowDays, scheduleConfig } from "./schedule-config.ts";
import { triggerConfig } from "./trigger-config.ts";

const MODEL_ID = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$/;
const LARGEST_SIZE = 65_536;
const LARGEST_WINDOW = 1_000_000;

const SIZE = `an integer from 1 to ${LARGEST_SIZE}`;
const size = positiveInteger.check(z.maximum(LARGEST_SIZE, SIZE));
const window = positiveInteger.check(
  z.maximum(LARGEST_WINDOW, `an integer from 1 to ${LARGEST_WINDOW}`),
);
const capacity = nonNegativeInteger.check(
  z.maximum(LARGEST_WINDOW, `an integer from 0 to ${LARGEST_WINDOW}`),
);
const LOSSES = [
  "mse",
  "softmax-cross-entropy",
  "binary-cross-entropy",
  "huber",
  "negative-sharpe",
] as const;
const MOST_STORED = 1_000_000_000;
const NAME = "a text of 1 to 128 characters";

const network = z.strictObject({
  input_size: size,
  layers: z
    .array(
      z.strictObject({
        name: z.string(NAME).check(z.minLength(1, NAME), z.maxLength(128, NAME)),
        size,
        activation: z.optional(z.enum(["identity", "relu", "tanh", "gelu", "sigmoid"])),
      }),
    )
    .check(z.minLength(1, "an array of at least 1 layer")),
  loss: z.optional(z.enum(LOSSES)),
  /** Turnover cost; only with the loss `negative-sharpe`. */
  loss_cost: z.optional(nonNegativeNumber),
  seed: z.optional(seed),
});

const update = z.strictObject({
  /** With rank and alpha adapters are trained, without them the network itself. */
  rank: z.optional(positiveInteger.check(z.maximum(1024, "an integer from 1 to 1024"))),
  alpha: z.optional(positiveNumber),
  target_modules: z.optional(
    z.array(z.string()).check(z.minLength(1, "an array of at least 1 name")),
  ),
  trainable: z.optional(z.enum(["adapter", "all"])),
  lr: positiveNumber,
  max_steps: z.optional(positiveInteger),
  epochs: z.optional(positiveInteger),
  batch_size: z.optional(positiveInteger),
  optimizer: z.optional(z.enum(["sgd", "momentum", "adamw"])),
  momentum: z.optional(share),
  beta2: z.optional(share),
  clip_norm: z.optional(positiveNumber),
  weight_decay: z.optional(nonNegativeNumber),
  schedule: z.optional(z.enum(["constant", "cosine"])),
  warmup_steps: z.optional(nonNegativeInteger),
  seed: z.optional(seed),
});

const ewc = z.strictObject({
  lambda: z.optional(nonNegativeNumber),
  consolidation: z.optional(z.enum(["sum", "ema"])),
  gamma: z.optional(share),
  normalize: z.optional(z.boolean()),
  form: z.optional(z.enum(["gradient", "proximal"])),
});

const intake = z.strictObject({
  training_window: z.optional(window),
  holdout_window: z.optional(window),
  holdout_fraction: z.optional(share),
  replay_capacity: z.optional(capacity),
  retention_capacity: z.optional(capacity),
  seed: z.optional(seed),
});

/** The first validator is always that all weights are finite. */
const validators = z.strictObject({
  max_loss_delta: z._default(finiteNumber, 0),
  max_weight_norm: z.optional(nonNegativeNumber),
  max_grad_norm: z.optional(nonNegativeNumber),
  max_forgetting: z.optional(finiteNumber),
});

const probation = z.strictObject({
  enabled: z._default(z.boolean(), true),
  level: z.optional(share),
  min_samples: z.optional(positiveInteger),
  max_samples: z.optional(positiveInteger),
  max_duration_ms: z.optional(positiveNumber),
  bound: z.optional(positiveNumber),
});

const safeMode = z.strictObject({
  enabled: z._default(z.boolean(), true),
  cool_off_ms: z.optional(nonNegativeNumber),
  recover_after: z.optional(positiveInteger),
});

/** Outputs as positions, labels as the returns that followed; `cost` for each unit traded. */
const pnl = z.strictObject({ cost: z.optional(nonNegativeNumber) });

const model = z
  .strictObject({
    network,
    update,
    ewc: z.optional(ewc),
    intake: z.optional(intake),
    detector: z.optional(detectorConfig),
    trigger: z.optional(triggerConfig),
    validators: z.optional(validators),
    probation: z.optional(probation),
    safe_mode: z.optional(safeMode),
    pnl: z.optional(pnl),
    /** What detector, trigger and probation look at. */
    watched: z.optional(z.enum(["loss", "pnl"])),
    online_update: z._default(onlineUpdateConfig, () => onlineUpdateConfig.parse({})),
    schedule: z._default(scheduleConfig, () => scheduleConfig.parse({})),
    /** Samples that the service keeps for windows. */
    stored_samples: z._default(
      positiveInteger.check(z.maximum(MOST_STORED, `an integer from 1 to ${MOST_STORED}`)),
      10_000_000,
    ),
    min_samples: z.optional(positiveInteger),
    min_holdout: z.optional(positiveInteger),
    replay_share: z.optional(shareBelowOne),
    min_new_samples: z.optional(nonNegativeInteger),
    min_interval_ms: z.optional(nonNegativeNumber),
    max_versions: z.optional(
      positiveInteger.check(z.maximum(10_000, "an integer from 1 to 10000")),
    ),
    durable_samples: z.optional(z.boolean()),
    checkpoint_every: z.optional(window),
    seed: z.optional(seed),
  })
  .check(checkWindowDays);

const MODELS = "an object of models by id";
/** Those of others, which check them themselves. */
const keys = z.optional(z.unknown());
const alerts = z.optional(z.unknown());
const kafka = z.optional(z.unknown());
const mlflow = z.optional(z.unknown());
const postgres = z.optional(z.unknown());
const others = { keys, alerts, kafka, mlflow, postgres };
const file = z.strictObject({ models: z.record(z.string(), model, MODELS), ...others });

type Named = z.ZodMiniObject<{ name: z.ZodMiniLiteral<string> }>;

/** The names first: they say which options a detector or trigger has. */
const named = (union: z.ZodMiniDiscriminatedUnion<readonly Named[]>) => {
  const names = union.def.options.map(({ shape }) => shape.name.def.values[0]!);
  return z.optional(z.looseObject({ name: z.enum(names) }, "an object with a name"));
};
const namesInFile = z.strictObject({
  models: z.record(
    z.string(),
    z.looseObject({ detector: named(detectorConfig), trigger: named(triggerConfig) }, "an object"),
    MODELS,
  ),
  ...others,
});

/** One model as the file declares it. */
export type ModelConfig = z.output<typeof model>;

/**
 * The models of a configuration file, in its order. name: what messages call the file. Throws
 * OPTION_INVALID, OPTION_UNKNOWN (naming the nearest).
 */
export function parseModelConfigs(name: string, text: string): Map<string, ModelConfig> {
  const json = parseJson(name, text);
  parseOptions(name, namesInFile, json);
  const models = new Map(Object.entries(parseOptions(name, file, json).models));
  if (models.size === 0) {
    const message = `Expected ${name} option "models" to hold at least one model, got none.`;
    throw new DriftkeelRangeError("OPTION_INVALID", message);
  }
  for (const id of models.keys()) {
    if (MODEL_ID.test(id)) continue;
    throw new DriftkeelRangeError(
      "OPTION_INVALID",
      `Expected ${name} option "models" to have names of 1 to 128 of A-Z a-z 0-9 . _ -, without ` +
        `a dot first, got ${describeValue(id)}.`,
    );
  }
  return models;
}

function parseJson(name: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const message = `Expected ${name} to be JSON: ${(cause as Error).message}.`;
    throw new DriftkeelTypeError("OPTION_INVALID", message);
  }
}
