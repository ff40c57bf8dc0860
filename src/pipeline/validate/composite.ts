// Several validators judged as one.

import { checkFilled } from "../../checks.ts";
import { describeValue } from "../../describe-value.ts";
import { DriftkeelTypeError } from "../../errors.ts";
import type { ModelSnapshot, ValidationResult, Validator } from "./validator.ts";

/**
 * Asks all validators in order. The first that fails decides and gives the reason; the rest are
 * asked all the same, so that the measurements are whole. A name that two of them measure
 * differently keeps both: the later one is called `name#2`, `name#3`, ...
 */
export class Composite implements Validator {
  readonly #validators: readonly Validator[];

  /**
   * validators: at least one; an empty list would pass anything. Throws ARGUMENT_TYPE, DATA_EMPTY.
   */
  constructor(validators: readonly Validator[]) {
    checkFilled("validators", validators);
    const wrong = validators.findIndex((each) => typeof each?.validate !== "function");
    if (wrong >= 0) {
      throw new DriftkeelTypeError(
        "ARGUMENT_TYPE",
        `Expected validators[${wrong}] to be a validator, got ${describeValue(validators[wrong])}.`,
      );
    }
    this.#validators = [...validators];
  }

  validate(before: ModelSnapshot, after: ModelSnapshot): ValidationResult {
    const results = this.#validators.map((validator) => validator.validate(before, after));
    const failure = results.find(({ pass }) => !pass);
    const measurements: Record<string, number> = {};
    for (const result of results) addAll(measurements, result.measurements);
    const reason = failure?.reason ?? results.map((result) => result.reason).join("; ");
    return { pass: failure === undefined, reason, measurements };
  }
}

function addAll(target: Record<string, number>, source: Record<string, number>): void {
  for (const [name, value] of Object.entries(source)) {
    let key = name;
    for (let times = 2; key in target && !Object.is(target[key], value); times++) {
      key = `${name}#${times}`;
    }
    target[key] = value;
  }
}
