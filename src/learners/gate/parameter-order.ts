// Between the two forms of a model's parameters: one vector, and tensors by name.

import { DriftkeelRangeError, type Learnable } from "../../index.ts";

/** f32 holds integers up to here exactly. */
const LARGEST_COUNT = 2 ** 24;

/**
 * The tensors of which `vector`, f32[P], is the vector form. How a model arranges its vector is its
 * own business, so it is asked: a version whose parameters are their own numbers tells the order.
 */
export function tensorsOf(learnable: Learnable, vector: Float32Array): Map<string, Float32Array> {
  const first = learnable.initial();
  const tensors = first.weights();
  first.dispose();
  let next = 0;
  for (const values of tensors.values()) {
    for (let index = 0; index < values.length; index++) values[index] = next++;
  }
  if (next > LARGEST_COUNT) {
    const message = `Expected at most ${LARGEST_COUNT} parameters to merge, got ${next}.`;
    throw new DriftkeelRangeError("ARGUMENT_RANGE", message);
  }
  const numbered = learnable.load(tensors);
  const order = numbered.vector();
  numbered.dispose();
  const flat = new Float32Array(next);
  for (const [place, number] of order.entries()) flat[number] = vector[place]!;
  let offset = 0;
  for (const [name, { length }] of tensors) {
    tensors.set(name, flat.slice(offset, offset + length));
    offset += length;
  }
  return tensors;
}
