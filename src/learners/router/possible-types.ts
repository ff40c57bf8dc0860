// Which decisions can be carried out with which candidates.

import {
  CANDIDATE_TYPES,
  type CandidateSets,
  type CandidateType,
  DECISION_TYPES,
  type DecisionType,
} from "./trajectory.ts";

/** The kind of candidate that a decision selects one of. */
export const TYPE_OF: Partial<Record<DecisionType, CandidateType>> = {
  inject_memory: "memory",
  load_skill: "skill",
  call_tool: "tool",
};

/** Which decisions can be carried out with the candidates; a composite action needs two kinds. */
export function possibleTypes(candidates: CandidateSets): boolean[] {
  const kinds = CANDIDATE_TYPES.filter((type) => candidates[type].length > 0);
  return DECISION_TYPES.map((decision) => {
    if (decision === "composite_action") return kinds.length >= 2;
    const type = TYPE_OF[decision];
    return type === undefined || kinds.includes(type);
  });
}
