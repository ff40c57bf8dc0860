// Daily P&L of several models over the same days, with known true Sharpe ratios.

import { Random } from "../../src/core/random.ts";

const DAYS_PER_YEAR = 252;

/** Daily deviation of every model: one percent of the capital. */
const DEVIATION = 0.01;

/** How a day depends on the days before it. */
export type Dependence = "independent" | "fat tails" | "volatility clusters" | "autocorrelated";

export interface PnlPlan {
  days: number;
  /** Correlation between any two models: 0..1. */
  correlation: number;
  /** Annual, one for each model. */
  sharpe: readonly number[];
  dependence?: Dependence;
}

/** Degrees of freedom of the fat tails: a fourth moment exists, barely. */
const TAIL_DEGREES = 5;
/** GARCH(1, 1) as daily equity returns show it. */
const GARCH = { constant: 0.02, shock: 0.1, memory: 0.88 };
const AUTOCORRELATION = 0.3;

/**
 * One series for each Sharpe ratio:
 *
 *     pnl = deviation (sharpe / sqrt(252) + scale (sqrt(rho) common + sqrt(1 - rho) own))
 *
 * `common` and `own` are standard normal streams; `scale` has mean square 1 and carries the tails
 * (Student's t with 5 degrees) or the clusters (GARCH). Autocorrelated streams are AR(1) with 0.3.
 */
export function simulatePnl(seed: number, plan: PnlPlan): Float64Array[] {
  const { days, correlation, sharpe, dependence = "independent" } = plan;
  const random = new Random(seed);
  const series = sharpe.map(() => new Float64Array(days));
  const carry = dependence === "autocorrelated" ? AUTOCORRELATION : 0;
  // The common stream last.
  const streams = new Float64Array(sharpe.length + 1);
  const [shared, apart] = [Math.sqrt(correlation), Math.sqrt(1 - correlation)];
  let variance = 1;
  for (let day = 0; day < days; day++) {
    for (let k = 0; k < streams.length; k++) {
      streams[k] = carry * streams[k]! + Math.sqrt(1 - carry * carry) * random.normal();
    }
    const common = streams.at(-1)!;
    const scale = dependence === "fat tails" ? tailScale(random) : Math.sqrt(variance);
    if (dependence === "volatility clusters") {
      const shock = GARCH.shock * (scale * common) ** 2;
      variance = GARCH.constant + shock + GARCH.memory * variance;
    }
    sharpe.forEach((ratio, model) => {
      const noise = scale * (shared * common + apart * streams[model]!);
      series[model]![day] = DEVIATION * (ratio / Math.sqrt(DAYS_PER_YEAR) + noise);
    });
  }
  return series;
}

/** Makes a normal a Student's t of variance 1. */
function tailScale(random: Random): number {
  let square = 0;
  for (let i = 0; i < TAIL_DEGREES; i++) square += random.normal() ** 2;
  return Math.sqrt((TAIL_DEGREES - 2) / square);
}
