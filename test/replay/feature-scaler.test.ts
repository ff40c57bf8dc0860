// The scaler uses the rows it was fitted on and no other.

import { describe, expect, it } from "vitest";
import { FeatureScaler } from "../../src/replay/feature-scaler.ts";

describe("FeatureScaler", () => {
  const scaler = new FeatureScaler([Float64Array.of(1, 5), Float64Array.of(3, 5)]);

  it("centres and divides by the population deviation", () => {
    expect(scaler.scale(Float64Array.of(4, 5))).toEqual(Float32Array.of(2, 0));
  });

  it("gives 0 for a feature that never changed, whatever it is later", () => {
    expect(scaler.scale(Float64Array.of(2, 99))).toEqual(Float32Array.of(0, 0));
  });

  it("limits extremes to four deviations", () => {
    expect(scaler.scale(Float64Array.of(1e9, 5))[0]).toBe(4);
    expect(scaler.scale(Float64Array.of(-1e9, 5))[0]).toBe(-4);
  });

  it("refuses to be fitted on nothing", () => {
    expect(() => new FeatureScaler([])).toThrow(expect.objectContaining({ code: "DATA_EMPTY" }));
  });
});
