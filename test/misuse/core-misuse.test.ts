// Misuse of the core's own functions, and proof that no public name is left out of these tests.

import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { memorySizeBytes } from "../../src/core/instance.ts";
import {
  allocate,
  type CoreOptions,
  Ewc,
  IncrementalUpdater,
  init,
  kernelInfo,
  Network,
  release,
  rollingSharpe,
  SharpeDriftDetector,
} from "../../src/index.ts";
import { describeOptions } from "./describe-options.ts";
import { expectRefused, type Misuse } from "./refusal.ts";

const look = () => [memorySizeBytes(), kernelInfo()];

describeOptions({
  owner: "init",
  look,
  call: (options: CoreOptions) => init(options),
  good: { threads: 1, maxMemoryMiB: 1024 },
  options: { threads: "threads", maxMemoryMiB: "MiB" },
});

describe("allocate and release", () => {
  const array = allocate(4);
  const misuses: Misuse[] = [
    ...["4", null, undefined, {}, [4], 4n, true].map(
      (length): Misuse => ({
        name: `allocate ${String(length)}`,
        use: () => allocate(length as never),
        code: "ARGUMENT_TYPE",
      }),
    ),
    ...[0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY].map(
      (length): Misuse => ({
        name: `allocate ${length}`,
        use: () => allocate(length),
        code: "ARGUMENT_RANGE",
      }),
    ),
    ...[2 ** 28, 2 ** 40, Number.MAX_VALUE].map(
      (length): Misuse => ({
        name: `allocate ${length}`,
        use: () => allocate(length),
        code: "CORE_OUT_OF_MEMORY",
      }),
    ),
    ...[undefined, null, 4, [1], new Float32Array(4), new Float64Array(4)].map(
      (given, index): Misuse => ({
        name: `release of something else (${index})`,
        use: () => release(given as never),
        code: "ARGUMENT_TYPE",
      }),
    ),
    { name: "release of a part", use: () => release(array.subarray(1)), code: "DISPOSED" },
  ];

  it.each(misuses)("$name is refused with $code", (misuse) => expectRefused(misuse, look));
});

describe("these tests", () => {
  /** Take no argument, so that only their state can be wrong (test/core/dispose.test.ts). */
  const plain = [
    ...["constructor", "dispose", "weights", "parameters", "fisher", "baseline", "memoryBytes"],
    ...["rollback", "commitUpdate", "adapter", "penalty", "currentSharpe", "window"],
    ...["measurements", "reset", "state", "kernelInfo"],
  ];
  const folder = new URL(".", import.meta.url);
  const text = readdirSync(folder)
    .filter((file) => file.endsWith("misuse.test.ts"))
    .map((file) => readFileSync(new URL(file, folder), "utf8"))
    .join("\n");
  const owned = { Network, Ewc, IncrementalUpdater, SharpeDriftDetector };

  it.each(Object.entries(owned))("call every method of %s", (_, owner) => {
    const members = [
      ...Object.getOwnPropertyNames(owner.prototype),
      ...Object.getOwnPropertyNames(owner).filter((key) => !/^(length|name|prototype)$/.test(key)),
    ];
    const missing = members.filter(
      (member) => !plain.includes(member) && !new RegExp(`\\b${member}\\b`).test(text),
    );
    expect(missing).toEqual([]);
  });

  it("call the functions of the core and the drift series", () => {
    for (const { name } of [allocate, release, init, rollingSharpe]) {
      expect(text).toMatch(new RegExp(`\\b${name}\\(`));
    }
  });
});
