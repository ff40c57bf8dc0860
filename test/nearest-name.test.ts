// The name a caller probably meant: typing errors, other naming styles, abbreviations, and nothing
// for the rest.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nearestName } from "../src/nearest-name.ts";

describe("nearestName", () => {
  const known = ["capacity", "lockedCapacity", "seed", "lr", "targetModules"];

  it.each([
    ["capacty", "capacity"],
    ["capcaity", "capacity"],
    ["CAPACITY", "capacity"],
    ["locked-capacity", "lockedCapacity"],
    ["tm", "targetModules"],
    ["learningRate", "lr"],
    ["sed", "seed"],
    ["cap", "capacity"],
    ["seedValue", "seed"],
  ])("%s is near %s", (name, near) => {
    expect(nearestName(name, known)).toBe(near);
  });

  it.each(["", "momentum", "xyz"])('"%s" is near nothing', (name) => {
    expect(nearestName(name, known)).toBeUndefined();
  });

  it("compares names of at most 64 characters", () => {
    const longest = "x".repeat(64);
    expect(nearestName(longest, [longest])).toBe(longest);
    expect(nearestName("x".repeat(65), ["x".repeat(65)])).toBeUndefined();
    expect(nearestName("x".repeat(1e6), known)).toBeUndefined();
  });

  it("takes the first of equally near names", () => {
    expect(nearestName("cat", ["bat", "hat"])).toBe("bat");
  });

  it("finds every known name itself", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.stringMatching(/^[a-z]{1,20}$/), { minLength: 1 }), (names) => {
        for (const name of names) expect(nearestName(name, names)).toBe(name);
      }),
    );
  });
});
