// The error for an id that nothing has.

import { describeValue } from "../describe-value.ts";
import { DriftkeelRangeError } from "../errors.ts";
import { nearestName } from "../nearest-name.ts";

const SHOWN = 5;

/** VERSION_UNKNOWN, naming the nearest of `known` or some of them. kind: what the ids name. */
export function unknownVersion(kind: string, id: string, known: readonly string[]): Error {
  const near = nearestName(id, known);
  const shown = known.slice(0, SHOWN).join(", ");
  const some = known.length > SHOWN ? `${shown}, ...` : shown || "none";
  const hint = near === undefined ? `known: ${some}.` : `did you mean "${near}"?`;
  const message = `Expected the id of a ${kind}, got ${describeValue(id)}; ${hint}`;
  return new DriftkeelRangeError("VERSION_UNKNOWN", message);
}
