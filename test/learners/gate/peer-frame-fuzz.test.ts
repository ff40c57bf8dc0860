// The reader of peer frames, given 10^5 wrong inputs: a frame or a reason, never an exception.

import { expect, it } from "vitest";
import { createFrame } from "../../../src/learners/gate/index.ts";
import { readFrame } from "../../../src/learners/gate/peer-frame.ts";
import { fuzz, INPUTS, wrongBytes } from "../../faults/fuzz-inputs.ts";
import { shared } from "./peer-keys.ts";
import { signal } from "./signals.ts";

it("reads anything without throwing", async () => {
  const valid = await createFrame({ from: "alice", seq: 1, signals: [signal()], key: shared });
  let refused = 0;
  const make = (random: Parameters<typeof wrongBytes>[0]) => wrongBytes(random, valid);
  const outcomes = fuzz(
    make,
    (bytes) => {
      const read = readFrame(bytes, 4096);
      if ("reason" in read) refused++;
      else expect(read.content.length).toBeGreaterThan(0);
    },
    [],
  );
  expect(outcomes.get("taken")).toBe(INPUTS);
  expect(refused).toBeGreaterThan(INPUTS / 2);
}, 120_000);
