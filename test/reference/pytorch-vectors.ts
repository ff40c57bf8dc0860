// Reads pytorch.json and gives its contents the project's names and types.

import { readFileSync } from "node:fs";
import type { ActivationName } from "./activation.ts";
import type { LossName } from "./loss.ts";
import type { Layer } from "./network.ts";

/** A layer as it stands in the file, in camelCase. */
interface StoredLayer {
  inputSize: number;
  outputSize: number;
  weight?: number[];
  bias?: number[];
  rank?: number;
  alpha?: number;
  a?: number[];
  b?: number[];
}

/** A tensor for every tensor of a layer: gradients (`dA`) or Fisher values (`a`) alike. */
type LayerTensors = Record<string, number[]>;

/** Weights of the adapter after some steps of one optimiser. */
export interface LoraRun {
  optimizer: "sgd" | "momentum" | "adamw";
  steps: number;
  lr: number;
  momentum?: number;
  weightDecay?: number;
  clipNorm?: number;
  a: number[];
  b: number[];
}

/** One layer under mse whose adapter learns; the base, if any, is frozen. */
export interface LoraCase {
  name: string;
  rows: number;
  input: number[];
  label: number[];
  rowWeight: number[];
  layer: StoredLayer;
  output: number[];
  loss: number;
  dA: number[];
  dB: number[];
  runs: LoraRun[];
}

/** One network with one loss. */
interface MlpCase {
  model: "plain" | "adapted";
  activations: ActivationName[];
  loss: LossName;
  output: number[];
  value: number;
  /** Per layer: dWeight, dBias and, with an adapter, dA, dB. */
  gradients: LayerTensors[];
}

/** Everything in pytorch.json. */
export interface PytorchVectors {
  torchVersion: string;
  lora: LoraCase[];
  mlp: {
    rows: number;
    input: number[];
    rowWeight: number[];
    labels: Record<LossName, number[]>;
    cost: number;
    sequenceRows: number;
    models: Record<MlpCase["model"], StoredLayer[]>;
    cases: MlpCase[];
  };
  fisher: {
    rows: number;
    input: number[];
    label: number[];
    loss: "softmax-cross-entropy";
    activations: ActivationName[];
    layers: StoredLayer[];
    empirical: LayerTensors[];
    exact: LayerTensors[];
  };
  ewc: {
    theta: number[];
    baseline: number[];
    fisher: number[];
    lambda: number;
    penalty: number;
    gradient: number[];
  };
}

function withCamelCaseKeys(_key: string, value: unknown): unknown {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
      item,
    ]),
  );
}

/** Returns the golden values PyTorch computed (its README says how). */
export function readPytorchVectors(): PytorchVectors {
  const text = readFileSync(new URL("../vectors/pytorch.json", import.meta.url), "utf8");
  return JSON.parse(text, withCamelCaseKeys);
}

/** Returns a reference layer with copies of the stored tensors. */
export function layerOf(stored: StoredLayer, activation: ActivationName): Layer {
  const { inputSize, outputSize, weight, bias, rank, alpha, a, b } = stored;
  const layer: Layer = { inputSize, outputSize, activation };
  if (weight) layer.weight = Float64Array.from(weight);
  if (bias) layer.bias = Float64Array.from(bias);
  if (rank && alpha && a && b) {
    layer.adapter = { rank, alpha, A: Float64Array.from(a), B: Float64Array.from(b) };
  }
  return layer;
}
