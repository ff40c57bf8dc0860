// Makes a version of a file from elsewhere, when it fits the version that is active.

import { checkFinite } from "../checks.ts";
import { DriftkeelRangeError } from "../errors.ts";
import { decodeSafetensors, type SavedVersion, type Tensor, type Version } from "../index.ts";
import { EWC_PART, ewcLength } from "./exchange-format.ts";

const SHOWN = 10;

/**
 * The tensors of a safetensors file as a version with no other state: EWC, detector and counters
 * belong to the weights they were made with. Throws FILE_CORRUPT, LENGTH_MISMATCH listing every
 * difference, VALUE_NOT_FINITE.
 */
export function versionOfTensors(bytes: Uint8Array, active: SavedVersion): Version {
  const { tensors } = decodeSafetensors(bytes);
  const differences = tensorDifferences(tensors, active.weights);
  if (differences.length > 0) {
    const shown = differences.slice(0, SHOWN).join("; ");
    const more = differences.length > SHOWN ? `; and ${differences.length - SHOWN} more` : "";
    throw new DriftkeelRangeError(
      "LENGTH_MISMATCH",
      `Expected the tensors of the active version ${active.id}, got a file in which ` +
        `${shown}${more}.`,
    );
  }
  // In the order of the active version, whatever the order of the file.
  const weights = new Map<string, Float32Array>();
  for (const name of active.weights.keys()) {
    const { values } = tensors.get(name)!;
    checkFinite(`the tensor ${name}`, values);
    weights.set(name, values);
  }
  return { weights, parent: active.id };
}

function tensorDifferences(
  tensors: ReadonlyMap<string, Tensor>,
  weights: ReadonlyMap<string, Float32Array>,
): string[] {
  const missing = [...weights].flatMap(([name, { length }]) => {
    const got = tensors.get(name)?.values.length;
    if (got === length) return [];
    return [got === undefined ? `${name} is missing` : `${name} has length ${got}, not ${length}`];
  });
  const extra = [...tensors.keys()].filter((name) => !weights.has(name));
  return [...missing, ...extra.map((name) => `${name} is too many`)];
}

/**
 * The active version with another EWC memory. Throws FILE_CORRUPT, and LENGTH_MISMATCH unless the
 * file has as many parameters as the memory it replaces, or as the weights where there was none.
 */
export function versionWithEwc(bytes: Uint8Array, active: SavedVersion): Version {
  const present = active.state.get(EWC_PART);
  const counts = [...active.weights.values()].map(({ length }) => length);
  const expected = present ? ewcLength(present) : counts.reduce((sum, count) => sum + count, 0);
  const got = ewcLength(bytes);
  if (got !== expected) {
    throw new DriftkeelRangeError(
      "LENGTH_MISMATCH",
      `Expected an EWC file of ${expected} parameters, as version ${active.id} has, got ${got}.`,
    );
  }
  const parts = new Map(active.state).set(EWC_PART, bytes);
  return { weights: active.weights, parts, parent: active.id, seed: active.seed };
}
