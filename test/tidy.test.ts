// The house rules that a machine can check, each as a test, and each shown to be able to fail.

import { describe, expect, it } from "vitest";
import { determinism } from "./tidy/determinism.ts";
import { groundPlan } from "./tidy/ground-plan.ts";
import { importLaw } from "./tidy/import-law.ts";
import { layers } from "./tidy/layers.ts";
import { lengths } from "./tidy/length.ts";
import { promises } from "./tidy/promises.ts";
import { readRepository } from "./tidy/repository.ts";
import type { Finding } from "./tidy/rule.ts";
import { unfinished } from "./tidy/unfinished.ts";
import { wording } from "./tidy/wording.ts";

const rules = [
  ...importLaw,
  ...layers,
  ...lengths,
  ...wording,
  ...determinism,
  ...unfinished,
  ...promises,
  ...groundPlan,
];

const repository = readRepository();

const report = (findings: Finding[]): string =>
  ["", ...findings.map(({ path, line, advice }) => `${path}:${line}  ${advice}`)].join("\n");

describe("the repository", () => {
  it("has files to check", () => {
    expect(repository.map(({ path }) => path)).toContain("test/tidy.test.ts");
  });

  for (const { name, check } of rules) {
    it(name, () => {
      const findings = check(repository);
      if (findings.length > 0) expect.fail(report(findings));
    });
  }
});

describe("the rules can fail", () => {
  for (const { name, check, examples } of rules) {
    it(name, () => {
      for (const { files, found } of examples) {
        const texts = Object.entries(files).map(([path, text]) => ({ path, text }));
        expect(check(texts).map(({ path, line }) => `${path}:${line}`)).toEqual(found);
      }
      expect(examples.some(({ found }) => found.length > 0)).toBe(true);
    });
  }
});
