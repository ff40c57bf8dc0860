// The rolling Sharpe ratio, as a batch and one observation at a time.

import { Block } from "../../src/core/block.ts";
import { core } from "../../src/core/instance.ts";
import { rollingSharpe } from "../../src/pipeline/drift/rolling-sharpe.ts";
import { SharpeDriftDetector } from "../../src/pipeline/drift/sharpe-drift-detector.ts";
import { plainRollingSharpe } from "../baseline/rolling-sharpe.ts";
import { checkClose } from "../check.ts";
import { limit, timesAsFast } from "../claims.ts";
import type { Settings } from "../group.ts";
import { returns } from "../inputs.ts";
import { alternate, rateOf, type Timing, timeOf } from "../measure.ts";
import type { Row } from "../report.ts";

export const title = "Rolling Sharpe";

const WINDOW = 252;
const ANNUALIZATION = 252;
/** Running sums lose digits; over this many values near 1 they keep at least nine. */
const TOLERANCE = 1e-9;
/** Observations of one timed call. */
const OBSERVED = 10_000;

/** P&L that stays near 1: daily returns with their sum held back. */
function pnl(count: number): Float64Array {
  let level = 1;
  return returns(3, count).map((gain) => {
    level += gain - 0.001 * (level - 1);
    return level;
  });
}

async function batched({ budget }: Settings): Promise<Row> {
  const count = budget.isQuick ? 10_000 : 1_000_000;
  const values = pnl(count);
  const { exports } = core();
  const [x, out] = [new Block(8 * count, "bench"), new Block(8 * count, "bench")];
  const window = new Block(exports.windowBytes(WINDOW), "bench");
  x.f64().set(values);
  const scale = Math.sqrt(ANNUALIZATION);
  const ours = () =>
    exports.rollingSharpe(out.address, x.address, count, WINDOW, 1, scale, window.address);
  const theirs = new Float64Array(count);
  const plain = () => plainRollingSharpe(theirs, values, WINDOW, ANNUALIZATION);
  ours();
  plain();
  const from = WINDOW - 1;
  checkClose("rolling Sharpe", out.f64().subarray(from), theirs.subarray(from), TOLERANCE);

  const whole = () => rollingSharpe(values, { windowSize: WINDOW, annualization: ANNUALIZATION });
  checkClose("rollingSharpe()", whole().subarray(from), out.f64().subarray(from), 0);

  const timings = await alternate({ ours, plain, whole }, budget);
  const rate = (timing: Timing) => rateOf(timing, 1e3 * count, "M obs/s");
  const kernel = rate(timings.ours);
  return {
    work: `rolling Sharpe, W ${WINDOW}, batch of ${count / 1e3} K`,
    ours: kernel,
    claims: [
      limit(kernel.value, "M obs/s", { least: 150 }),
      timesAsFast("plain JS (running sums, which drift)", rate(timings.plain), kernel),
      timesAsFast("rollingSharpe(), with its checks and copies", rate(timings.whole), kernel),
    ],
    checked: `all ratios equal within ${TOLERANCE} of the largest`,
  };
}

async function oneByOne({ budget }: Settings): Promise<Row> {
  const values = pnl(OBSERVED);
  const date = new Date(0);
  const detector = new SharpeDriftDetector({ windowSize: WINDOW });
  const batch = new SharpeDriftDetector({ windowSize: WINDOW });
  const alerts = [...values].map((value) => detector.observe(date, value)).filter(Boolean);
  const expected = batch.observeBatch(Array(OBSERVED).fill(date), values);
  if (alerts.length === 0 || JSON.stringify(alerts) !== JSON.stringify(expected)) {
    throw new Error(`observe: ${alerts.length} alerts, observeBatch: ${expected.length}.`);
  }
  const observe = () => {
    for (let t = 0; t < OBSERVED; t++) detector.observe(date, values[t]!);
  };
  const { each } = await alternate({ each: observe }, budget);
  const ours = timeOf(each, OBSERVED);
  return {
    work: `SharpeDriftDetector.observe with its alert logic, W ${WINDOW}`,
    ours,
    claims: [limit(ours.value, "ns", { most: 200 })],
    checked: `${expected.length} alerts equal to those of observeBatch`,
  };
}

export async function run(settings: Settings): Promise<Row[]> {
  return [await batched(settings), await oneByOne(settings)];
}
