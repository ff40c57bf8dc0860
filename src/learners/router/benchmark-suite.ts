// A fixed list of tasks with the reward of every decision, which a router is measured on and never
// learns from.

import { createHash } from "node:crypto";
import * as z from "zod/mini";
import { DriftkeelRangeError } from "../../index.ts";
import { english } from "./english.ts";
import type { Situation } from "./features.ts";
import { type Camel, toCamel, toSnake } from "./naming.ts";
import { DECISION_TYPES, idSchema, problemOf, situationMembers } from "./trajectory.ts";

const MAX_TASKS = 100_000;

const suiteRecord = z.strictObject({
  name: z.string().check(z.minLength(1), z.maxLength(128)),
  tasks: z
    .array(
      z.strictObject({
        family: z._default(z.string().check(z.minLength(1), z.maxLength(128)), "all"),
        ...situationMembers,
        outcomes: z
          .array(
            z.strictObject({
              decision_type: z.enum(DECISION_TYPES),
              selected_ids: z.array(idSchema).check(z.maxLength(64)),
              reward: z.number().check(z.minimum(0), z.maximum(1)),
              is_error: z._default(z.boolean(), false),
            }),
          )
          .check(z.minLength(1), z.maxLength(2000)),
      }),
    )
    .check(z.minLength(1), z.maxLength(MAX_TASKS)),
});

/** One task: the situation, and what each decision in it would bring. */
export type BenchmarkTask = Camel<z.output<typeof suiteRecord>>["tasks"][number];
/** What a suite is made of. */
export type BenchmarkSuiteData = Camel<z.output<typeof suiteRecord>>;

/** What one decision brought. */
export interface TaskOutcome {
  reward: number;
  isError: boolean;
}

/** The tasks of a benchmark, quarantined: nothing with one of their ids is learned from. */
export class BenchmarkSuite {
  readonly name: string;
  readonly tasks: readonly BenchmarkTask[];
  /** SHA-256 of name and tasks. */
  readonly hash: string;
  readonly #ids: ReadonlySet<string>;

  private constructor({ name, tasks }: BenchmarkSuiteData, hash: string) {
    this.name = name;
    this.tasks = tasks;
    this.hash = hash;
    this.#ids = new Set(tasks.map(({ task }) => task.taskId));
  }

  /** Throws OPTION_INVALID, naming the task. source: what messages call it. */
  static parse(json: string, source = "the suite"): BenchmarkSuite {
    let value: unknown;
    try {
      value = JSON.parse(json);
    } catch (error) {
      throw refusal(source, (error as Error).message);
    }
    const parsed = suiteRecord.safeParse(value, english);
    if (!parsed.success) throw refusal(source, problemOf(parsed.error));
    const ids = parsed.data.tasks.map(({ task }) => task.task_id);
    const twice = ids.find((id, index) => ids.indexOf(id) !== index);
    if (twice !== undefined) throw refusal(source, `task ${twice} is there twice`);
    const hash = createHash("sha256").update(JSON.stringify(parsed.data)).digest("hex");
    return new BenchmarkSuite(toCamel(parsed.data) as BenchmarkSuiteData, hash);
  }

  /** A suite of tasks that were made in code. Throws OPTION_INVALID. */
  static from(data: BenchmarkSuiteData): BenchmarkSuite {
    return BenchmarkSuite.parse(JSON.stringify(toSnake(data)));
  }

  /** The text of a suite's file. */
  toJson(): string {
    return `${JSON.stringify(toSnake({ name: this.name, tasks: this.tasks }), null, 1)}\n`;
  }

  /** Whether a task belongs to this benchmark. */
  has(taskId: string): boolean {
    return this.#ids.has(taskId);
  }

  /** The mean of the best reward of each task: what no router can exceed. */
  bestReward(): number {
    const best = this.tasks.map(({ outcomes }) =>
      outcomes.reduce((most, { reward }) => Math.max(most, reward), 0),
    );
    return best.reduce((sum, reward) => sum + reward, 0) / best.length;
  }
}

/** The situation of a task. */
export function situationOf(task: BenchmarkTask): Situation {
  return { task: task.task, context: task.contextSnapshot, candidates: task.candidateSets };
}

/** What a decision brings: what the task says, else a reward of 0 and an error. */
export function outcomeOf(
  { outcomes }: BenchmarkTask,
  choice: { decisionType: string; selectedIds: readonly string[] },
): TaskOutcome {
  const selected = [...choice.selectedIds].sort().join(" ");
  const found = outcomes.find(
    (each) =>
      each.decisionType === choice.decisionType &&
      [...each.selectedIds].sort().join(" ") === selected,
  );
  return found ?? { reward: 0, isError: true };
}

function refusal(source: string, problem: string): DriftkeelRangeError {
  return new DriftkeelRangeError(
    "OPTION_INVALID",
    `Expected ${source} to be a benchmark suite, got one in which ${problem}.`,
  );
}
