// Describes a trading day by numbers that were known at its close.

import { DriftkeelRangeError } from "../errors.ts";
import type { Bar } from "./bars.ts";

/** The names of the features, in the order of the rows of `featuresOn`. */
export const FEATURE_NAMES = [
  "return_1",
  "return_2",
  "momentum_5",
  "momentum_20",
  "momentum_60",
  "drawdown_60",
  "volatility_20",
  "volatility_change",
  "close_in_range",
  "volume_20",
] as const;

/** Bars before the described one that its features read. */
export const FEATURE_LOOKBACK = 60;

/** Daily; a calm currency moves ten times as much. Keeps the ratios of a constant price finite. */
const VOLATILITY_FLOOR = 1e-4;

function logReturn(bars: readonly Bar[], day: number, days: number): number {
  return Math.log(bars[day]!.close / bars[day - days]!.close);
}

/** Root mean square of the last `days` daily log returns, at least the floor. */
function volatility(bars: readonly Bar[], day: number, days: number): number {
  let sum = 0;
  for (let back = 0; back < days; back++) sum += logReturn(bars, day - back, 1) ** 2;
  return Math.max(Math.sqrt(sum / days), VOLATILITY_FLOOR);
}

function highestClose(bars: readonly Bar[], day: number, days: number): number {
  let highest = 0;
  for (let back = 0; back <= days; back++) highest = Math.max(highest, bars[day - back]!.close);
  return highest;
}

/** Where the close lies between low (-1) and high (1); 0 on a day without a range. */
function closeInRange({ low, high, close }: Bar): number {
  return high > low ? (2 * (close - low)) / (high - low) - 1 : 0;
}

/** log(volume / mean volume of the last `days` days); 0 on a day without volume. */
function relativeVolume(bars: readonly Bar[], day: number, days: number): number {
  const { volume } = bars[day]!;
  if (volume === 0) return 0;
  let sum = 0;
  for (let back = 0; back < days; back++) sum += bars[day - back]!.volume;
  return Math.log((volume * days) / sum);
}

/**
 * Returns the features of `bars[day]`, f64[FEATURE_NAMES.length], from that bar and the
 * FEATURE_LOOKBACK bars before it; nothing later is read. With log returns r, and v_n the root mean
 * square of the last n of them (zero mean, at least 1e-4):
 *
 *     return_1, return_2   r_day / v_20, r_(day-1) / v_20
 *     momentum_n           log(close / close n days ago) / (v_60 sqrt(n))
 *     drawdown_60          log(close / highest close since 60 days ago) / (v_60 sqrt(60))
 *     volatility_20        log v_20
 *     volatility_change    log(v_5 / v_60)
 *     close_in_range       2 (close - low) / (high - low) - 1
 *     volume_20            log(volume / mean volume of 20 days)
 *
 * Dividing by volatility makes calm and wild years comparable, so that one scale fits both.
 */
export function featuresOn(bars: readonly Bar[], day: number): Float64Array {
  if (!(Number.isInteger(day) && day >= FEATURE_LOOKBACK && day < bars.length)) {
    const allowed = `${FEATURE_LOOKBACK} to ${bars.length - 1}`;
    throw new DriftkeelRangeError("ARGUMENT_RANGE", `Expected a day of ${allowed}, got ${day}.`);
  }
  const v5 = volatility(bars, day, 5);
  const v20 = volatility(bars, day, 20);
  const v60 = volatility(bars, day, 60);
  const momentum = (days: number) => logReturn(bars, day, days) / (v60 * Math.sqrt(days));
  const drawdown = Math.log(bars[day]!.close / highestClose(bars, day, 60));
  return Float64Array.of(
    logReturn(bars, day, 1) / v20,
    logReturn(bars, day - 1, 1) / v20,
    momentum(5),
    momentum(20),
    momentum(60),
    drawdown / (v60 * Math.sqrt(60)),
    Math.log(v20),
    Math.log(v5 / v60),
    closeInRange(bars[day]!),
    relativeVolume(bars, day, 20),
  );
}
