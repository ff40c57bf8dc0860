// Every detector keeps to the rules that are published for all of them.

import { describe, expect, it } from "vitest";
import { Random } from "../../src/core/random.ts";
import type { DriftDetector } from "../../src/pipeline/drift/drift-detector.ts";
import { SharpeDriftDetector } from "../../src/pipeline/drift/sharpe-drift-detector.ts";
import { detectorConformance } from "../../src/testing/detector-conformance.ts";
import { kinds } from "./detector-kinds.ts";

/** Errors at a rate of 0.2, 0.9, 0.2 and 0.9 again. */
function errorStream(): number[] {
  const random = new Random(1);
  return [0.2, 0.9, 0.2, 0.9].flatMap((rate) =>
    Array.from({ length: 300 }, () => (random.uniform() < rate ? 1 : 0)),
  );
}

const subjects: Record<string, new (options?: object) => DriftDetector> = {
  ...kinds,
  sharpe: SharpeDriftDetector,
};

describe.each(Object.entries(subjects))("%s", (name, Detector) => {
  const constants = /^(ddm|eddm)$/.test(name) ? [0, 1] : [0, 0.1, 1 / 3, 1];
  const create = (options?: object) => new Detector(options);
  for (const check of detectorConformance({ name, create, stream: errorStream(), constants })) {
    it(check.name, check.run);
  }
});

describe("the scale of a constant", () => {
  it.each(["adwin", "cusum", "kswin", "page-hinkley"])("does not alarm %s", (name) => {
    const constants = [1e100, -1e100, 1e15 / 3, -7.1, 1e-300];
    const create = () => new kinds[name]!();
    const checks = detectorConformance({ name, create, stream: [], constants });
    checks.find((check) => /constant/.test(check.name))!.run();
  });
});

describe("a detector that breaks a rule", () => {
  /** Says drift at each second 1; `breaks` says which rule it breaks. */
  class Broken implements DriftDetector {
    static last = 0;
    #count = 0;
    #options: { breaks?: string };
    constructor(options: { breaks?: string } = {}) {
      this.#options = options;
    }
    get measurements(): Record<string, number> {
      const count = this.#options.breaks === "measurements" ? this.#count / 0 : this.#count;
      return { count };
    }
    update(value: number) {
      const { breaks } = this.#options;
      if (breaks === "reset on refusal" && this.#count % 2 === 0) this.#count = 0;
      if (breaks !== "refusal" && !Number.isFinite(value)) throw new RangeError("no");
      if (value === 1) this.#count++;
      if (breaks === "determinism") this.#count = ++Broken.last;
      if (breaks === "drift") return "stable";
      return value === 1 && this.#count % 2 === 0 ? "drift" : "stable";
    }
    reset(): void {
      if (this.#options.breaks !== "reset") this.#count = 0;
    }
    state(): unknown {
      return this.#options.breaks === "json" ? { count: Number.NaN } : { count: this.#count };
    }
    restore(state: unknown): void {
      const { count } = (state ?? {}) as { count: number };
      if (this.#options.breaks === "restore") return;
      if (this.#options.breaks === "foreign") this.#count = count;
      if (typeof count !== "number") throw new TypeError("no");
      this.#count = count;
    }
  }

  const failuresOf = (breaks: string, constants = [0]): string[] => {
    const stream = [0, 1, 0, 1, 1, 0, 0, 1, 1, 1, 0];
    const create = (options?: object) => {
      if (options) throw new TypeError("no options");
      return new Broken({ breaks });
    };
    return detectorConformance({ name: "Broken", create, stream, constants }).flatMap((check) => {
      try {
        check.run();
        return [];
      } catch {
        return [check.name];
      }
    });
  };

  it("fails no check when it breaks none", () => {
    expect(failuresOf("")).toEqual([]);
  });

  it.each([
    ["drift", /drift in its stream/],
    ["determinism", /same results/],
    ["restore", /after a restore/],
    ["json", /as JSON/],
    ["reset", /reset/],
    ["refusal", /no finite number/],
    ["reset on refusal", /no finite number/],
    ["foreign", /not its own/],
    ["measurements", /measurements/],
  ])("(%s) fails the check for it", (breaks, rule) => {
    expect(failuresOf(breaks).some((name) => rule.test(name))).toBe(true);
  });

  it("(alarms at a constant) fails the check for it", () => {
    expect(failuresOf("", [1])).toEqual(["Broken stays stable on a constant stream"]);
  });

  it("(takes any option) fails the check for it", () => {
    const create = () => new Broken();
    const checks = detectorConformance({ name: "Broken", create, stream: [] });
    const check = checks.find(({ name }) => /options/.test(name))!;
    expect(check.run).toThrow(/noSuchOption/);
  });
});
