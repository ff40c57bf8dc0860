// Models declared in a JSON file: what the file may say, checked before anything is made of it.
//
// Everything in the file is snake_case. A message names the place in the file, as in
// `models.signal.network.layers[0].size`.

import * as z from "zod";
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
} from "../options.ts";
import { detectorConfig } from "./detector-config.ts";
import { triggerConfig } from "./trigger-config.ts";

const MODEL_ID = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$/;
const LARGEST_SIZE = 65_536;
const LARGEST_WINDOW = 1_000_000;

const SIZE = `an integer from 1 to ${LARGEST_SIZE}`;
const size = positiveInteger.max(LARGEST_SIZE, SIZE);
const window = positiveInteger.max(LARGEST_WINDOW, `an integer from 1 to ${LARGEST_WINDOW}`);
const capacity = nonNegativeInteger.max(LARGEST_WINDOW, `an integer from 0 to ${LARGEST_WINDOW}`);
const LOSSES = [
  "mse",
  "softmax-cross-entropy",
  "binary-cross-entropy",
  "huber",
  "negative-sharpe",
] as const;
const NAME = "a text of 1 to 128 characters";

const network = z.strictObject({
  input_size: size,
  layers: z
    .array(
      z.strictObject({
        name: z.string(NAME).min(1, NAME).max(128, NAME),
        size,
        activation: z.enum(["identity", "relu", "tanh", "gelu", "sigmoid"]).optional(),
      }),
    )
    .min(1, "an array of at least 1 layer"),
  loss: z.enum(LOSSES).optional(),
  /** Turnover cost; only with the loss `negative-sharpe`. */
  loss_cost: nonNegativeNumber.optional(),
  seed: seed.optional(),
});

const update = z.strictObject({
  /** With rank and alpha adapters are trained, without them the network itself. */
  rank: positiveInteger.max(1024, "an integer from 1 to 1024").optional(),
  alpha: positiveNumber.optional(),
  target_modules: z.array(z.string()).min(1, "an array of at least 1 name").optional(),
  trainable: z.enum(["adapter", "all"]).optional(),
  lr: positiveNumber,
  max_steps: positiveInteger.optional(),
  epochs: positiveInteger.optional(),
  batch_size: positiveInteger.optional(),
  optimizer: z.enum(["sgd", "momentum", "adamw"]).optional(),
  momentum: share.optional(),
  beta2: share.optional(),
  clip_norm: positiveNumber.optional(),
  weight_decay: nonNegativeNumber.optional(),
  schedule: z.enum(["constant", "cosine"]).optional(),
  warmup_steps: nonNegativeInteger.optional(),
  seed: seed.optional(),
});

const ewc = z.strictObject({
  lambda: nonNegativeNumber.optional(),
  consolidation: z.enum(["sum", "ema"]).optional(),
  gamma: share.optional(),
  normalize: z.boolean().optional(),
  form: z.enum(["gradient", "proximal"]).optional(),
});

const intake = z.strictObject({
  training_window: window.optional(),
  holdout_window: window.optional(),
  holdout_fraction: share.optional(),
  replay_capacity: capacity.optional(),
  retention_capacity: capacity.optional(),
  seed: seed.optional(),
});

/** The first validator is always that all weights are finite. */
const validators = z.strictObject({
  max_loss_delta: finiteNumber.default(0),
  max_weight_norm: nonNegativeNumber.optional(),
  max_grad_norm: nonNegativeNumber.optional(),
  max_forgetting: finiteNumber.optional(),
});

const probation = z.strictObject({
  enabled: z.boolean().default(true),
  level: share.optional(),
  min_samples: positiveInteger.optional(),
  max_samples: positiveInteger.optional(),
  max_duration_ms: positiveNumber.optional(),
  bound: positiveNumber.optional(),
});

const safeMode = z.strictObject({
  enabled: z.boolean().default(true),
  cool_off_ms: nonNegativeNumber.optional(),
  recover_after: positiveInteger.optional(),
});

const model = z.strictObject({
  network,
  update,
  ewc: ewc.optional(),
  intake: intake.optional(),
  detector: detectorConfig.optional(),
  trigger: triggerConfig.optional(),
  validators: validators.optional(),
  probation: probation.optional(),
  safe_mode: safeMode.optional(),
  min_samples: positiveInteger.optional(),
  min_holdout: positiveInteger.optional(),
  replay_share: share.lt(1, "a number from 0 to below 1").optional(),
  min_new_samples: nonNegativeInteger.optional(),
  min_interval_ms: nonNegativeNumber.optional(),
  max_versions: positiveInteger.max(10_000, "an integer from 1 to 10000").optional(),
  durable_samples: z.boolean().optional(),
  checkpoint_every: window.optional(),
  seed: seed.optional(),
});

const MODELS = "an object of models by id";
/** `keys` are those of the service, which checks them itself. */
const keys = z.unknown().optional();
const file = z.strictObject({ models: z.record(z.string(), model, MODELS), keys });

/** The names first: they say which options a detector or trigger has. */
const named = (union: { options: readonly { shape: { name: z.ZodLiteral<string> } }[] }) => {
  const names = union.options.map(({ shape }) => shape.name.value);
  return z.looseObject({ name: z.enum(names) }, "an object with a name").optional();
};
const namesInFile = z.strictObject({
  models: z.record(
    z.string(),
    z.looseObject({ detector: named(detectorConfig), trigger: named(triggerConfig) }, "an object"),
    MODELS,
  ),
  keys,
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
