// The models that bench/capacity.ts measures, and the signals that they learn.

import { configureLearner } from "../src/config/configured-learner.ts";
import { type ModelConfig, parseModelConfigs } from "../src/config/model-config.ts";
import { KafkaSender } from "../src/integrations/kafka/index.ts";
import { OwnedModels } from "../src/integrations/kafka/owned-models.ts";
import type { Signal } from "../src/integrations/kafka/worker-model.ts";

/** Where all signals come from. */
export const SOURCE = "feedback/0";
const layer = (name: string, size: number) => ({ name, size, activation: "tanh" });
const quiet = {
  detector: { name: "page-hinkley", threshold: 1e9 },
  probation: { enabled: false },
};
/** What is measured. */
export const kinds = {
  small: {
    inputs: 8,
    config: {
      network: { input_size: 8, layers: [layer("hidden", 16), { name: "output", size: 1 }] },
      update: { lr: 0.01, optimizer: "adamw", max_steps: 50 },
      validators: { max_loss_delta: 1 },
      ...quiet,
    },
  },
  large: {
    inputs: 64,
    config: {
      network: {
        input_size: 64,
        layers: [layer("one", 256), layer("two", 256), { name: "output", size: 1 }],
      },
      update: { lr: 0.001, optimizer: "adamw", batch_size: 64, epochs: 5 },
      validators: { max_loss_delta: 1 },
      ...quiet,
    },
  },
};
/** One of them. */
export type Kind = keyof typeof kinds;

let clock = Date.UTC(2026, 0, 1);
let offset = 0;

/** The timestamp of the newest signal, in milliseconds since 1970. */
export const now = () => clock;

/** The next signals of one model, a millisecond apart. */
export function signalsFor(inputs: number, count: number): Signal[] {
  return Array.from({ length: count }, () => {
    offset += 1;
    clock += 1;
    const input = Float32Array.from({ length: inputs }, (_, i) => Math.sin(offset * (i + 1.3)));
    const label = Float32Array.of(Math.sin(3 * input[0]! + input[1]!));
    return { source: SOURCE, offset, sample: { input, label, timestamp: new Date(clock) } };
  });
}

/** The ids of so many models. */
export const idsOf = (count: number) => Array.from({ length: count }, (_, at) => `model-${at}`);

/** A model as a configuration file declares it. */
export function configOf(kind: Kind): ModelConfig {
  const text = JSON.stringify({ models: { any: kinds[kind].config } });
  return parseModelConfigs("capacity.json", text).get("any")!;
}

/** A worker's models, in a folder; no update ends here, so the sender has nothing to send. */
export function owned(baseDir: string, kind: Kind, count: number, maxOpen = count): OwnedModels {
  const config = configOf(kind);
  const models = new Map(idsOf(count).map((id) => [id, () => configureLearner(id, config)]));
  const brokers = { brokers: ["127.0.0.1:1"], clientId: "capacity", tls: false };
  return new OwnedModels({
    baseDir,
    models,
    sender: new KafkaSender(brokers),
    topic: "model_updates",
    outboxCapacity: 1,
    maxOpen,
    nowMs: now,
    onFailure: (error, id) => {
      throw new Error(`${id}: ${error}`);
    },
  });
}

/** Learns durably; throws when a signal was not taken. */
export async function take(
  models: OwnedModels,
  id: string,
  signals: readonly Signal[],
): Promise<void> {
  const { taken, failure } = await models.take(id, signals, () => true);
  if (taken.applied !== signals.length) throw new Error(`${id} took ${taken.applied}: ${failure}`);
}

/** Begins where no part before this one came to: its signals would be known already. */
export function goOn(part: number): void {
  offset += part * 1_000_000_000;
  clock += part * 1_000_000_000;
}
