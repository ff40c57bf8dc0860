// What a version is measured to do is the same in pieces as at once.

import { expect, it } from "vitest";
import { EVALUATION_ROWS } from "../../assembly/layout.ts";
import { Random } from "../../src/core/random.ts";
import { Network } from "../../src/model/network.ts";
import { NetworkLearnable } from "../../src/model/network-learnable.ts";
import { snapshotOf } from "../../src/pipeline/validate/snapshot-of.ts";

const network = new Network({
  inputSize: 3,
  layers: [
    { name: "hidden", size: 7, activation: "tanh" },
    { name: "output", size: 2 },
  ],
});
const version = new NetworkLearnable({ network, lr: 0.1 }).initial();
const random = new Random(4);
const draw = (count: number) => Float32Array.from({ length: count }, () => random.normal());
const samplesOf = (count: number) =>
  Array.from({ length: count }, () => ({ input: draw(3), label: draw(2) }));
const pnl = (outputs: Float32Array) => Float64Array.from(outputs);

it("gives outputs, losses and P&L bit by bit, for windows of any length", async () => {
  for (const count of [0, 1, EVALUATION_ROWS, EVALUATION_ROWS + 1, 3 * EVALUATION_ROWS + 5]) {
    const [holdout, retention] = [samplesOf(count), samplesOf(10)];
    const snapshot = await snapshotOf(version, { holdout, retention }, { pnl, anchor: version });
    const outputs = version.outputs(holdout);
    expect(snapshot.outputs).toEqual(outputs);
    expect(snapshot.pnl).toEqual(pnl(outputs));
    expect(snapshot.anchorPnl).toEqual(pnl(outputs));
    expect(snapshot.loss).toEqual(version.loss(holdout));
    expect([...snapshot.losses!]).toEqual(holdout.map((each) => version.loss([each])));
    expect([...snapshot.replayLosses!]).toEqual(retention.map((each) => version.loss([each])));
  }
});

it("knows nothing of a past, a P&L or a gradient that there is not", async () => {
  const snapshot = await snapshotOf(version, { holdout: samplesOf(3), retention: [] });
  expect(snapshot.replayLosses).toBeUndefined();
  expect(snapshot.pnl).toBeUndefined();
  expect(snapshot.anchorPnl).toBeUndefined();
  expect(snapshot.gradientNorm).toBeUndefined();
});
