// A drift detector of a user's own, and what its conformance suite needs to know of it.

/** Says drift once the mean of the last `windowSize` values is above `limit`, then starts anew. */
export class HighMean {
  #windowSize = 20;
  #limit = 0.6;
  #values = [];

  constructor(options = {}) {
    const { windowSize = 20, limit = 0.6, ...unknown } = options;
    const [name] = Object.keys(unknown);
    if (name !== undefined) throw new TypeError(`Unknown option ${name}.`);
    this.#windowSize = windowSize;
    this.#limit = limit;
  }

  get measurements() {
    return { mean: this.#values.reduce((sum, value) => sum + value, 0) / this.#windowSize };
  }

  update(value) {
    if (!Number.isFinite(value)) throw new RangeError(`Expected a finite number, got ${value}.`);
    if (this.#isHigh()) this.reset();
    this.#values = [...this.#values, value].slice(-this.#windowSize);
    return this.#isHigh() ? "drift" : "stable";
  }

  #isHigh() {
    return this.#values.length === this.#windowSize && this.measurements.mean > this.#limit;
  }

  reset() {
    this.#values = [];
  }

  state() {
    return { values: [...this.#values] };
  }

  restore(state) {
    if (!Array.isArray(state?.values) || !state.values.every(Number.isFinite)) {
      throw new TypeError("Expected the state of a HighMean.");
    }
    this.#values = [...state.values];
  }
}

export const subject = {
  name: "HighMean",
  create: (options) => new HighMean(options),
  stream: [0.2, 0.9, 0.1, 0.8].flatMap((level) => Array(50).fill(level)),
  constants: [0, 0.5],
};
