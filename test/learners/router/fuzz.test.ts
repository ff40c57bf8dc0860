// Wrong trajectories, suites and case indexes in great number: a value, a reason, or a typed error.

import { expect, it } from "vitest";
import {
  BenchmarkSuite,
  parseTrajectory,
  sampleBenchmark,
  sampleTrajectories,
  trajectoryJson,
} from "../../../src/learners/router/index.ts";
import { openList, sealList } from "../../../src/learners/router/sealed-list.ts";
import { seenId } from "../../../src/learners/router/seen-trajectories.ts";
import { fuzz, INPUTS, jsonValues, wrongBytes, wrongData } from "../../faults/fuzz-inputs.ts";

const LIMIT_MS = 120_000;
const encoder = new TextEncoder();
const decoder = new TextDecoder();
const json = trajectoryJson(sampleTrajectories({ count: 1 })[0]!);
const bytes = encoder.encode(json);
const record = JSON.parse(json);

/** A value as JSON; of those that JSON cannot hold (cyclic, too deep) an opening of many lists. */
function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value) ?? "";
  } catch {
    return "[".repeat(100_000);
  }
}

/** What `parseTrajectory` gave; a reason is short enough for a report. */
function parsed(text: string): void {
  const found = parseTrajectory(text);
  if ("problem" in found) expect(found.problem.length).toBeLessThan(1000);
}

it("takes a trajectory or says what is wrong, whatever the bytes", { timeout: LIMIT_MS }, () => {
  const outcomes = fuzz(
    (random) => decoder.decode(wrongBytes(random, bytes)),
    parsed,
    [],
    INPUTS / 2,
  );
  expect(outcomes.get("taken")).toBe(INPUTS / 2);
});

it("does so whatever its members are", { timeout: LIMIT_MS }, () => {
  fuzz((random) => jsonOf(wrongData(random, record, jsonValues)), parsed, [], INPUTS / 2);
});

it("refuses a wrong suite with OPTION_INVALID", { timeout: LIMIT_MS }, () => {
  const suite = sampleBenchmark({ tasksPerFamily: 1, families: ["recall"] });
  const valid = JSON.parse(suite.toJson());
  const outcomes = fuzz(
    (random) => jsonOf(wrongData(random, valid, jsonValues)),
    (text) => BenchmarkSuite.parse(text),
    ["OPTION_INVALID"],
    INPUTS / 10,
  );
  expect(outcomes.get("OPTION_INVALID")).toBeGreaterThan(0);
});

it("refuses a sealed list of which a byte is different with FILE_CORRUPT", {
  timeout: LIMIT_MS,
}, () => {
  const valid = sealList("ids", ["a", "b", "c"]);
  const opened = (input: Uint8Array) => openList("ids", seenId, input, "ids.json");
  expect(opened(valid)).toEqual(["a", "b", "c"]);
  for (let at = 0; at < valid.length - 1; at++) {
    const altered = valid.slice();
    altered[at] = altered[at]! ^ 1;
    expect(() => opened(altered), `byte ${at}`).toThrow(/altered or truncated/);
  }
  fuzz((random) => wrongBytes(random, valid), opened, ["FILE_CORRUPT"], INPUTS / 10);
});
