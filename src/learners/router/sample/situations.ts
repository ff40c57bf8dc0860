// Draws tasks with their candidates, and says what each decision on them is worth.

import type { Random } from "../../../index.ts";
import type { TaskOutcome } from "../benchmark-suite.ts";
import type { Situation } from "../features.ts";
import { possibleTypes, TYPE_OF } from "../possible-types.ts";
import {
  CANDIDATE_TYPES,
  type Candidate,
  type CandidateType,
  DECISION_TYPES,
  type DecisionType,
} from "../trajectory.ts";
import { overlapOf, wordsOf } from "../words.ts";
import { OTHERWISE, type TaskFamily } from "./families.ts";

/** A decision and what it is worth on average. */
export interface ValuedDecision extends TaskOutcome {
  decisionType: DecisionType;
  selectedIds: string[];
}

const CHANNELS = ["chat", "mail", "cli"];
const SUBJECT_WORDS = ["meeting", "runbook", "metrics", "orders", "notes", "status", "export"];
/** What a decision with the worst candidate keeps of its family's reward. */
const WORST_SHARE = 0.3;

const pick = <T>(list: readonly T[], random: Random): T => list[random.below(list.length)]!;
const rounded = (value: number) => Math.round(value * 1e4) / 1e4;

/** A task of a family, with candidates of which some fit and some do not. */
export function drawSituation(
  family: TaskFamily,
  taskId: string,
  createdAt: string,
  random: Random,
): Situation {
  const input = pick(family.requests, random)
    .replaceAll("{subject}", pick(family.subjects, random))
    .replaceAll("{detail}", pick(family.details, random));
  const failures = random.uniform() < 0.2 ? ["The last answer was marked as wrong."] : [];
  const draw = (type: CandidateType) =>
    Array.from({ length: 2 + random.below(3) }, (_, place) =>
      drawCandidate(type, `${type}-${place}`, input, random),
    );
  return {
    task: { taskId, input, channel: pick(CHANNELS, random), createdAt },
    context: {
      conversationSummary: "",
      environmentSummary: "production",
      recentFailures: failures,
    },
    candidates: { memory: draw("memory"), skill: draw("skill"), tool: draw("tool") },
  };
}

function drawCandidate(type: CandidateType, id: string, input: string, random: Random): Candidate {
  const words = wordsOf(input);
  const fitting = Array.from({ length: random.below(4) }, () => pick(words, random));
  const foreign = Array.from({ length: 1 + random.below(2) }, () => pick(SUBJECT_WORDS, random));
  return {
    id,
    type,
    title: foreign.join(" "),
    summary: `A ${type} about ${foreign.join(" and ")}.`,
    triggers: [...new Set([...fitting, ...foreign])],
    cost: rounded(random.uniform()),
    confidence: rounded(random.uniform()),
    successRate: rounded(random.uniform()),
    freshness: rounded(random.uniform()),
    risk: rounded(random.uniform()),
    tags: [],
    source: random.uniform() < 0.7 ? "system" : "user",
  };
}

/** How good a candidate is for a task, 0..1: what it is about, how reliable it is, how fresh. */
function qualityOf(candidate: Candidate, input: string): number {
  const overlap = overlapOf(candidate.triggers, new Set(wordsOf(input)));
  return 0.5 * overlap + 0.35 * candidate.successRate + 0.15 * candidate.freshness;
}

/**
 * Every possible decision with its mean reward: that of its family, times 0.3 to 1 by the quality
 * of the candidate among those of its kind. A composite action takes the best of every kind or
 * fails.
 */
export function valuedDecisions(family: TaskFamily, situation: Situation): ValuedDecision[] {
  const { candidates, task } = situation;
  const possible = possibleTypes(candidates);
  return DECISION_TYPES.filter((_, index) => possible[index]).flatMap((decisionType) => {
    const worth = decisionType === family.best ? 1 : (family.rewards[decisionType] ?? OTHERWISE);
    const type = TYPE_OF[decisionType];
    if (type !== undefined) {
      const qualities = candidates[type].map((each) => qualityOf(each, task.input));
      const [least, most] = [Math.min(...qualities), Math.max(...qualities)];
      return candidates[type].map(({ id }, index) => {
        const rank = most > least ? (qualities[index]! - least) / (most - least) : 1;
        const reward = rounded(worth * (WORST_SHARE + (1 - WORST_SHARE) * rank));
        return { decisionType, selectedIds: [id], reward, isError: false };
      });
    }
    if (decisionType !== "composite_action") {
      return [{ decisionType, selectedIds: [], reward: worth, isError: false }];
    }
    return combinations(situation).map((selected) => {
      const qualities = selected.map((each) => qualityOf(each, task.input));
      const mean = qualities.reduce((sum, quality) => sum + quality, 0) / qualities.length;
      const best = CANDIDATE_TYPES.map((kind) =>
        Math.max(...candidates[kind].map((each) => qualityOf(each, task.input))),
      );
      const most = best.reduce((sum, quality) => sum + quality, 0) / best.length;
      const reward = rounded(worth * (WORST_SHARE + (1 - WORST_SHARE) * (mean / most)));
      return { decisionType, selectedIds: selected.map(({ id }) => id), reward, isError: false };
    });
  });
}

/** Every choice of one memory, one skill and one tool. */
function combinations({ candidates }: Situation): Candidate[][] {
  return candidates.memory.flatMap((memory) =>
    candidates.skill.flatMap((skill) => candidates.tool.map((tool) => [memory, skill, tool])),
  );
}
