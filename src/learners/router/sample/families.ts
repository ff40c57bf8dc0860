// Families of generated tasks: what users ask, and which decision serves them best.

import type { DecisionType } from "../trajectory.ts";

/** A family of tasks with one best decision. */
export interface TaskFamily {
  name: string;
  /** `{subject}` and `{detail}` are drawn from the lists. */
  requests: readonly string[];
  subjects: readonly string[];
  details: readonly string[];
  best: DecisionType;
  /** Reward of the other decisions, where it is not OTHERWISE. */
  rewards: Partial<Record<DecisionType, number>>;
}

/** Reward of a decision that a family says nothing of. */
export const OTHERWISE = 0.15;

const APPS = ["billing", "search", "checkout", "mail", "reports", "calendar", "inventory"];
const PEOPLE = ["Ada", "Grace", "Alan", "Edsger", "Barbara", "Donald", "Radia"];
const DAYS = ["Monday", "Tuesday", "last week", "yesterday", "this month", "in March"];

/** Every family, in a fixed order. */
export const TASK_FAMILIES: readonly TaskFamily[] = [
  {
    name: "explanation",
    requests: [
      "Explain {subject} in two sentences, as for {detail}",
      "What is the idea behind {subject}? I am {detail}",
    ],
    subjects: ["recursion", "a hash table", "compound interest", "TLS", "a B-tree", "entropy"],
    details: ["a beginner", "a manager", "a student", "new to it"],
    best: "direct_answer",
    rewards: { call_tool: 0.35, inject_memory: 0.3 },
  },
  {
    name: "recall",
    requests: [
      "What did {subject} and I agree on {detail}?",
      "Remind me what {subject} said {detail}",
    ],
    subjects: PEOPLE,
    details: DAYS,
    best: "inject_memory",
    rewards: { call_tool: 0.3, clarify: 0.35 },
  },
  {
    name: "procedure",
    requests: [
      "Deploy {subject} to {detail} by our checklist",
      "Walk through the release steps of {subject} for {detail}",
    ],
    subjects: APPS,
    details: ["staging", "production", "the canary", "the second region"],
    best: "load_skill",
    rewards: { call_tool: 0.4, composite_action: 0.5 },
  },
  {
    name: "live-data",
    requests: [
      "How many errors has {subject} had {detail}?",
      "Show the current latency of {subject} {detail}",
    ],
    subjects: APPS,
    details: ["right now", "in the last hour", "since noon", "today"],
    best: "call_tool",
    rewards: { inject_memory: 0.25, composite_action: 0.45 },
  },
  {
    name: "vague",
    requests: ["Can you fix {subject} {detail}?", "It is broken again, {subject} {detail}"],
    subjects: ["it", "that thing", "the usual one", "the page"],
    details: ["please", "like before", "somehow", "soon"],
    best: "clarify",
    rewards: { direct_answer: 0.3, inject_memory: 0.35 },
  },
  {
    name: "migration",
    requests: [
      "Move {subject} to {detail} and check that nothing is lost",
      "Migrate the data of {subject} into {detail}, then verify the totals",
    ],
    subjects: APPS,
    details: ["the warehouse", "the cluster", "object storage", "the archive"],
    best: "composite_action",
    rewards: { load_skill: 0.5, call_tool: 0.4 },
  },
  {
    name: "incident",
    requests: [
      "{subject} is down {detail}, page whoever is on call",
      "Alert: {subject} fails its health check {detail}",
    ],
    subjects: APPS,
    details: ["since noon", "right now", "again", "in two regions"],
    best: "call_tool",
    rewards: { load_skill: 0.45, clarify: 0.1 },
  },
  {
    name: "spreadsheet",
    requests: [
      "Sum the invoices of {subject} {detail} into a table",
      "Which customer of {subject} paid most {detail}?",
    ],
    subjects: PEOPLE,
    details: DAYS,
    best: "call_tool",
    rewards: { inject_memory: 0.4, direct_answer: 0.1 },
  },
];
