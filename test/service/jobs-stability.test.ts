// The stability check of updates on request: on P&L, passed, failed and off.

import { afterEach, expect, it } from "vitest";
import { Random } from "../../src/core/random.ts";
import { dated, UpdateDesk } from "./update-desk.ts";

let desk: UpdateDesk;
afterEach(() => desk?.served.close());

/** A position out of one feature that says half of what the return will be. */
const TRADER = {
  network: {
    input_size: 1,
    layers: [
      { name: "hidden", size: 4, activation: "tanh" },
      { name: "output", size: 1, activation: "tanh" },
    ],
    loss: "negative-sharpe",
    seed: 3,
  },
  update: { lr: 0.05, optimizer: "adamw", max_steps: 60 },
  // The learner's own validator lets any loss pass: what is seen here is the check's doing.
  validators: { max_loss_delta: 1e9 },
  min_samples: 64,
};

function returns(count: number): string {
  const random = new Random(11);
  const rows = Array.from({ length: count }, () => {
    const feature = random.normal();
    const label = 0.01 * (0.5 * feature + random.normal());
    return JSON.stringify({ input: [feature], label: [label] });
  });
  return dated(rows.join("\n"));
}

const LEARNS = { learning_rate: 0.05, ewc_lambda: 0 };
/** Steps so large that the positions end anywhere. */
const HARMS = { learning_rate: 1000, ewc_lambda: 0 };

async function learned(): Promise<void> {
  desk = await UpdateDesk.open(TRADER, returns(1200));
  const job = await desk.ended(await desk.start({ ...LEARNS, stability_check: false }));
  expect(job).toMatchObject({ status: "promoted", report: { stability_check: "off" } });
}

it("passes an update that earns no less, with its Sharpe ratios", async () => {
  await learned();
  const job = await desk.ended(await desk.start({ ...LEARNS, learning_rate: 1e-6 }));
  expect(job).toMatchObject({ status: "promoted", report: { stability_check: "passed" } });
  const { sharpe_pre, sharpe_post, degradation_pct } = job.report!.performance_metrics!;
  expect(sharpe_pre).toBeGreaterThan(2);
  expect(sharpe_post).toBeGreaterThan(0.95 * sharpe_pre!);
  expect(degradation_pct).toBeCloseTo(((sharpe_pre! - sharpe_post!) / sharpe_pre!) * 100, 9);
  expect(degradation_pct).toBeLessThan(5);
});

it("rejects an update that earns less, and says by how much", async () => {
  await learned();
  const before = await desk.status();
  const job = await desk.ended(await desk.start(HARMS));
  expect(job).toMatchObject({ status: "rejected", report: { stability_check: "failed" } });
  const { sharpe_pre, sharpe_post, degradation_pct } = job.report!.performance_metrics!;
  expect(sharpe_post).toBeLessThan(0.95 * sharpe_pre!);
  expect(degradation_pct).toBeGreaterThan(5);
  expect(job.report!.reason).toMatch(/Sharpe/);
  expect(await desk.status()).toEqual(before);
});

it("lets the same update pass when it is off, and still measures", async () => {
  await learned();
  const job = await desk.ended(await desk.start({ ...HARMS, stability_check: false }));
  expect(job).toMatchObject({ status: "promoted", report: { stability_check: "off" } });
  expect(job.report!.reason).toContain("stability check off, or else:");
  expect(job.report!.performance_metrics!.degradation_pct).toBeGreaterThan(5);
});
