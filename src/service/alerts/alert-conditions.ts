// When there is something to tell an operator about a model: the same conditions as the rules in
// docs/prometheus/.

import type { Vitals } from "../metrics/vitals.ts";

/** What is still fine; one more is not. */
export interface AlertLimits {
  /** Share of the quality that a promotion may take. */
  maxDegradation: number;
  /** Updates that may fail in a row. */
  maxFailedUpdates: number;
  /** Share of the promotions that may be rolled back, and how many there must be to judge it. */
  maxRolledBackShare: number;
  minPromotions: number;
  maxUpdateSeconds: number;
  /** Of the largest element of a Fisher to its median. */
  maxFisherRatio: number;
  /** Factor between the largest elements of two Fishers in a row. */
  maxFisherChange: number;
  maxFeedbackLagSeconds: number;
}

/** Whether a condition holds now. */
export interface Finding {
  isFiring: boolean;
  value: number;
  limit: number;
  /** In words, without a full stop. */
  summary: string;
}

/** Something that can be wrong with a model. */
export interface AlertCondition {
  /** `long-update`; the rule is named DriftkeelLongUpdate. */
  name: string;
  severity: "critical" | "warning";
  measure(vitals: Vitals, limits: AlertLimits): Finding;
}

/** How far back promotions and rollbacks are counted: less than Prometheus keeps by default. */
const RECENT_DAYS = 14;
const DAY_MS = 86_400_000;

/** All conditions, in the order in which they are looked at. */
export const ALERT_CONDITIONS: readonly AlertCondition[] = [
  {
    name: "degradation",
    severity: "critical",
    measure: ({ degradation }, { maxDegradation }) =>
      above(degradation, maxDegradation, "share of the quality that the last promotion took"),
  },
  {
    name: "failed-updates",
    severity: "critical",
    measure: ({ failedInARow }, { maxFailedUpdates }) =>
      above(failedInARow, maxFailedUpdates, "updates failed in a row"),
  },
  {
    name: "rollbacks",
    severity: "warning",
    measure(vitals, { maxRolledBackShare, minPromotions }) {
      const { promotions, rollbacks } = vitals.recent(RECENT_DAYS * DAY_MS);
      const share = promotions < minPromotions ? Number.NaN : rollbacks / promotions;
      const what = `share of the promotions of ${RECENT_DAYS} days that were rolled back`;
      return above(share, maxRolledBackShare, what);
    },
  },
  {
    name: "long-update",
    severity: "warning",
    measure: ({ updateSeconds }, { maxUpdateSeconds }) =>
      above(updateSeconds, maxUpdateSeconds, "seconds that the update under way has been running"),
  },
  { name: "fisher-anomaly", severity: "warning", measure: measureFisher },
  {
    name: "feedback-lag",
    severity: "warning",
    measure: ({ feedbackLagSeconds }, { maxFeedbackLagSeconds }) =>
      above(feedbackLagSeconds, maxFeedbackLagSeconds, "seconds since the newest sample"),
  },
];

/** A median of 0 is no anomaly: what a network does not use has no Fisher. */
function measureFisher({ fisher }: Vitals, limits: AlertLimits): Finding {
  const { max, median, change } = fisher;
  if (!Number.isFinite(max) || !Number.isFinite(median)) {
    const summary = `the Fisher is not finite: its largest element is ${max}, its median ${median}`;
    return { isFiring: true, value: Number.isFinite(max) ? median : max, limit: 0, summary };
  }
  const ratio = median === 0 ? Number.NaN : max / median;
  const spread = above(ratio, limits.maxFisherRatio, "largest element of the Fisher to its median");
  if (spread.isFiring) return spread;
  const what = "factor between the largest elements of two Fishers in a row";
  return above(change, limits.maxFisherChange, what);
}

/** NaN is above nothing. */
function above(value: number, limit: number, what: string): Finding {
  const shown = Number.isNaN(value) ? "not measured" : String(Number(value.toPrecision(4)));
  return { isFiring: value > limit, value, limit, summary: `${what}: ${shown}, limit ${limit}` };
}
