// Adds up what a replay reported, per regime.

import type { Bar } from "./bars.ts";
import { measurePerformance, type Performance } from "./performance.ts";
import { labelRegimes, REGIMES, type Regime } from "./regimes.ts";
import type { BaseTrained, DaySettled, PerTrader, ReplayEvent, Trader } from "./replay-event.ts";

/** A yearly Sharpe ratio below this is too small to be divided by. */
const MIN_REFERENCE_SHARPE = 0.1;

/** The performance of a trader on some days. */
export interface TraderSummary extends Performance {
  /**
   * (warm-up Sharpe - Sharpe) / |warm-up Sharpe|, where the first was measured on the days that
   * the base network was trained on: 0 is as good, 1 is all lost, negative is better.
   */
  degradation: number;
  /** Mean size of the position, 0..1: half the exposure makes half the drawdown. */
  exposure: number;
}

/** What happened on the days of one regime. */
export interface RegimeSummary {
  regime: Regime | "all";
  days: number;
  traders: PerTrader<TraderSummary>;
  driftAlerts: number;
  promotions: number;
  rejections: number;
  updatesFailed: number;
  /** Promotions that probation took back. */
  rollbacks: number;
  /** Of the naive trader, which keeps every update that does not break off by itself. */
  naiveUpdatesKept: number;
  naiveUpdatesFailed: number;
  /** Mean duration of an update, for display only; 0 without updates. */
  updateMs: number;
}

function summariseTrader(trader: Trader, base: BaseTrained, days: DaySettled[]): TraderSummary {
  const performance = measurePerformance(days.map((day) => day.pnl[trader]));
  const reference = base.inSample[trader].sharpe;
  const size = Math.max(Math.abs(reference), MIN_REFERENCE_SHARPE);
  const exposed = days.reduce((total, day) => total + Math.abs(day.position[trader]), 0);
  return {
    ...performance,
    degradation: (reference - performance.sharpe) / size,
    exposure: days.length === 0 ? 0 : exposed / days.length,
  };
}

function summariseDays(
  regime: Regime | "all",
  base: BaseTrained,
  events: readonly ReplayEvent[],
): RegimeSummary {
  const days = events.filter((event) => event.kind === "day-settled");
  const updates = events.filter((event) => "trigger" in event);
  const count = (kind: ReplayEvent["kind"]) => events.filter((e) => e.kind === kind).length;
  const elapsedMs = updates.reduce((total, update) => total + update.elapsedMs, 0);
  return {
    regime,
    days: days.length,
    traders: {
      hold: summariseTrader("hold", base, days),
      static: summariseTrader("static", base, days),
      naive: summariseTrader("naive", base, days),
      driftkeel: summariseTrader("driftkeel", base, days),
    },
    driftAlerts: count("drift-detected"),
    promotions: count("update-promoted"),
    rejections: count("update-rejected"),
    updatesFailed: count("update-failed"),
    rollbacks: count("version-rolled-back"),
    naiveUpdatesKept: count("naive-updated"),
    naiveUpdatesFailed: count("naive-update-failed"),
    updateMs: updates.length === 0 ? 0 : elapsedMs / updates.length,
  };
}

/**
 * Sums up the live events of a replay: one entry per regime that occurred, in the order of
 * `REGIMES`, and one over all days at the end. bars: the whole series, warm-up included, which
 * `labelRegimes` judges in hindsight.
 */
export function summariseReplay(
  bars: readonly Bar[],
  base: BaseTrained,
  events: readonly ReplayEvent[],
): RegimeSummary[] {
  const labels = labelRegimes(bars);
  const regimeOn = new Map(bars.map((bar, day) => [bar.date, labels[day]!]));
  const perRegime = REGIMES.map((regime) => {
    const within = events.filter((event) => regimeOn.get(event.date) === regime);
    return summariseDays(regime, base, within);
  });
  return [...perRegime.filter(({ days }) => days > 0), summariseDays("all", base, events)];
}
