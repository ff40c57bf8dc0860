// Says in words why a router decided as it did.

import { type Candidate, DECISION_TYPES, type DecisionType } from "./trajectory.ts";

/** A candidate with its expected reward. */
export interface Scored {
  candidate: Candidate;
  logit: number;
  score: number;
}

/** Sentences for a person; floor: of the exploration, if there is any. */
export function reasonsOf(
  decisionType: DecisionType,
  probabilities: readonly number[],
  selected: readonly Scored[],
  floor: number | undefined,
): string[] {
  const chosen = DECISION_TYPES.indexOf(decisionType);
  const order = [...probabilities.keys()].sort((a, b) => probabilities[b]! - probabilities[a]!);
  const next = order.find((index) => index !== chosen && probabilities[index]! > 0);
  const text = (index: number) => `${DECISION_TYPES[index]} ${probabilities[index]!.toFixed(3)}`;
  const reasons = [`probability of ${text(chosen)}${next === undefined ? "" : `, ${text(next)}`}`];
  if (floor !== undefined) reasons.push(`drawn with a floor of ${floor}`);
  for (const { candidate, score } of selected) {
    const { type, id, successRate, confidence } = candidate;
    reasons.push(
      `${type} ${id} has an expected reward of ${score.toFixed(3)} (success rate ` +
        `${successRate.toFixed(2)}, confidence ${confidence.toFixed(2)})`,
    );
  }
  return reasons;
}
