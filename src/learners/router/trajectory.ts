// What one run of an agent left behind: the task, what could be chosen, what was chosen, and what
// came of it. The one place where its names on disk and in code meet.

import * as z from "zod/mini";
import { english } from "./english.ts";
import { type Camel, toCamel, toSnake } from "./naming.ts";

/** What a router can decide, in the order of the policy's outputs. */
export const DECISION_TYPES = [
  "direct_answer",
  "inject_memory",
  "load_skill",
  "call_tool",
  "clarify",
  "composite_action",
] as const;
/** One of the decisions. */
export type DecisionType = (typeof DECISION_TYPES)[number];

/** The kinds of candidates, in the order of the features. */
export const CANDIDATE_TYPES = ["memory", "skill", "tool"] as const;
/** One of the kinds. */
export type CandidateType = (typeof CANDIDATE_TYPES)[number];

/** Who made a candidate, in the order of the features. */
export const CANDIDATE_SOURCES = ["user", "system", "generated", "external"] as const;

/** Candidates of one kind that a trajectory may hold. */
export const MAX_CANDIDATES = 256;
const MAX_STEPS = 256;
const MAX_TEXT = 20_000;

const ID = "1 to 128 of A-Z a-z 0-9 . _ : -, not starting with a dot";
const id = z.string(ID).check(z.regex(/^[A-Za-z0-9_:-][A-Za-z0-9._:-]{0,127}$/, ID));
const FILE_ID = "1 to 128 of A-Z a-z 0-9 . _ -, not starting with a dot";
/** Also the name of a file. */
const fileId = z.string(FILE_ID).check(z.regex(/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$/, FILE_ID));
const text = z.string().check(z.maxLength(MAX_TEXT));
const line = z.string().check(z.maxLength(1000));
const share = z.number().check(z.minimum(0), z.maximum(1));
const time = z.iso.datetime({ offset: true });

const candidateRecord = z.strictObject({
  id,
  type: z.enum(CANDIDATE_TYPES),
  title: line,
  summary: text,
  triggers: z.array(line).check(z.maxLength(64)),
  cost: z.number().check(z.minimum(0)),
  confidence: share,
  success_rate: share,
  freshness: share,
  risk: share,
  tags: z.array(line).check(z.maxLength(64)),
  source: z.enum(CANDIDATE_SOURCES),
});

const taskRecord = z.strictObject({
  task_id: id,
  input: text,
  channel: z.string().check(z.minLength(1), z.maxLength(128)),
  created_at: time,
  user_id: z.optional(z.string().check(z.minLength(1), z.maxLength(128))),
});

const contextRecord = z.strictObject({
  conversation_summary: text,
  environment_summary: text,
  recent_failures: z.array(line).check(z.maxLength(64)),
});

const ofType = (type: CandidateType) =>
  z.array(z.extend(candidateRecord, { type: z.literal(type) })).check(z.maxLength(MAX_CANDIDATES));
const candidateSetsRecord = z.strictObject({
  memory: ofType("memory"),
  skill: ofType("skill"),
  tool: ofType("tool"),
});

const decisionRecord = z.strictObject({
  step: z.int().check(z.minimum(1)),
  decision_type: z.enum(DECISION_TYPES),
  selected_ids: z.array(id).check(z.maxLength(64)),
  rationale: text,
  rejected_ids: z.optional(z.array(id).check(z.maxLength(3 * MAX_CANDIDATES))),
  estimated_cost: z.optional(z.number().check(z.minimum(0))),
  propensity: z.optional(z.number().check(z.gt(0), z.maximum(1))),
});

const eventRecord = z.strictObject({
  stage: z.enum(["retrieval", "policy", "execution", "evaluation", "memory_writeback"]),
  at: z.optional(time),
  detail: z.optional(text),
  duration_ms: z.optional(z.number().check(z.minimum(0))),
});

/** The parts of a benchmark task that a trajectory has as well, for its schema. */
export const situationMembers = {
  task: taskRecord,
  context_snapshot: contextRecord,
  candidate_sets: candidateSetsRecord,
};

/** The id of anything that a trajectory names, for other schemas. */
export const idSchema = id;

const trajectoryRecord = z.strictObject({
  trajectory_id: fileId,
  ...situationMembers,
  decisions: z.array(decisionRecord).check(z.minLength(1), z.maxLength(MAX_STEPS)),
  events: z.array(eventRecord).check(z.maxLength(10_000)),
  outcome: z.enum(["success", "partial", "failure", "abandoned"]),
  reward: share,
  origin: z._default(z.enum(["live", "benchmark", "peer"]), "live"),
  policy_version: z._default(z.nullable(z.string().check(z.minLength(1), z.maxLength(128))), null),
});

/** A trajectory as it is on disk. */
export type TrajectoryRecord = z.output<typeof trajectoryRecord>;
/** A run of an agent. */
export type Trajectory = Camel<TrajectoryRecord>;
/** What was asked. */
export type Task = Trajectory["task"];
/** What was known when it was asked. */
export type ContextSnapshot = Trajectory["contextSnapshot"];
/** Everything that could be chosen. */
export type CandidateSets = {
  [Type in CandidateType]: Candidate[];
};
/** A memory, a skill or a tool that could be chosen. */
export type Candidate = Camel<z.output<typeof candidateRecord>>;
/** One choice of an agent. */
export type Decision = Trajectory["decisions"][number];

/** The names of a prototype that JSON can carry as a member. */
const PROTOTYPE_KEY = /"__proto__"\s*:/;
/** Characters of a reason that reports show. */
const MAX_REASON = 300;

/** The trajectory that a text holds, or in words why it holds none. */
export function parseTrajectory(json: string): Trajectory | { problem: string } {
  const record = parseTrajectoryRecord(json);
  return "problem" in record ? record : trajectoryOf(record);
}

/** A record under the names of code. */
export function trajectoryOf(record: TrajectoryRecord): Trajectory {
  return toCamel(record) as Trajectory;
}

/** The same with the names on disk: what an index needs of it is cheaper to take there. */
export function parseTrajectoryRecord(json: string): TrajectoryRecord | { problem: string } {
  if (PROTOTYPE_KEY.test(json)) return { problem: 'unknown key "__proto__"' };
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    return { problem: shortened((error as Error).message) };
  }
  const parsed = trajectoryRecord.safeParse(value, english);
  if (!parsed.success) return { problem: problemOf(parsed.error) };
  const { data } = parsed;
  const unknown = unknownSelection(data.candidate_sets, data.decisions);
  if (unknown !== undefined) {
    return { problem: `decisions select ${JSON.stringify(unknown)}, which is no candidate` };
  }
  return data;
}

/** The first thing that is wrong, with its place. */
export function problemOf({ issues }: z.core.$ZodError): string {
  const { path, message } = issues[0]!;
  return shortened(`${path.map(String).join(".") || "the whole"}: ${message}`);
}

function shortened(reason: string): string {
  return reason.length > MAX_REASON ? `${reason.slice(0, MAX_REASON)}...` : reason;
}

function unknownSelection(
  sets: z.output<typeof candidateSetsRecord>,
  decisions: readonly z.output<typeof decisionRecord>[],
): string | undefined {
  const isKnown = (id: string) =>
    CANDIDATE_TYPES.some((type) => sets[type].some((each) => each.id === id));
  return decisions.flatMap((each) => each.selected_ids).find((each) => !isKnown(each));
}

/** A trajectory as the text of its file. */
export function trajectoryJson(trajectory: Trajectory): string {
  return `${JSON.stringify(toSnake(trajectory), null, 1)}\n`;
}
