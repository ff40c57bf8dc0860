// What is told of a version: parameters and metrics, as MLflow takes them.

import * as z from "zod/mini";
import { parseOptions } from "../../foundation.ts";
import type { Moment } from "../../index.ts";

/** Characters that a name may have (MLflow refuses others), and how many. */
const FOREIGN = /[^\w.\-:/ ]/g;
const LONGEST_NAME = 250;
/** MLflow before 2.8 refuses longer ones. */
const LONGEST_PARAM = 500;
/** Tags of a version and of a run may be as long. */
const LONGEST_TAG = 5000;
/** What one request may bring. */
const MOST_PARAMS = 100;
const MOST_METRICS = 1000;

/** What `MlflowRegistry.register` is told of a version. */
export interface VersionFacts {
  /** The file of the version: safetensors as `VersionStore` writes it. */
  artifact: Uint8Array;
  /** How it was made; a value is cut after 500 characters. Default none. */
  params?: Readonly<Record<string, string | number | boolean>>;
  /** How it was judged; MLflow keeps the largest double in place of an infinity. Default none. */
  metrics?: Readonly<Record<string, number>>;
  /** The job or whatever else asked for it. */
  source?: string;
  /** When it was promoted. */
  at: Moment;
}

const moment = z.custom<Moment>(
  (value) => value instanceof Date || typeof value === "number",
  "a Date or milliseconds since 1970",
);
const factsSchema = z.object({
  artifact: z.custom<Uint8Array>((value) => value instanceof Uint8Array, "a Uint8Array"),
  params: z._default(z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])), {}),
  // z.number refuses what is not finite, and that is what broken updates have measured.
  metrics: z._default(
    z.record(
      z.string(),
      z.custom<number>((value) => typeof value === "number", "a number"),
    ),
    {},
  ),
  source: z.optional(z.string()),
  at: moment,
});

/** Throws OPTION_INVALID, OPTION_UNKNOWN. */
export function parseFacts(facts: VersionFacts) {
  return parseOptions("MlflowRegistry.register", factsSchema, facts);
}

/** What a run has logged of a version. */
export type LoggedFacts = Pick<ReturnType<typeof parseFacts>, "params" | "metrics">;

/** A name as MLflow takes it: other characters become "_". */
function nameOf(name: string): string {
  return name.replace(FOREIGN, "_").slice(0, LONGEST_NAME);
}

/** A text as the value of a tag. */
export function tagText(text: string): string {
  return text.slice(0, LONGEST_TAG);
}

/** The bodies of `runs/log-batch`, each within MLflow's limits. */
export function batchesOf(runId: string, facts: LoggedFacts, timestampMs: number): object[] {
  const params = Object.entries(facts.params).map(([key, value]) => ({
    key: nameOf(key),
    value: String(value).slice(0, LONGEST_PARAM),
  }));
  const metrics = Object.entries(facts.metrics).map(([key, value]) => ({
    key: nameOf(key),
    value: Number.isFinite(value) ? value : String(value), // JSON has no others
    timestamp: timestampMs,
    step: 0,
  }));
  return [
    ...portions(params, MOST_PARAMS).map((each) => ({ run_id: runId, params: each })),
    ...portions(metrics, MOST_METRICS).map((each) => ({ run_id: runId, metrics: each })),
  ];
}

function portions<T>(all: readonly T[], size: number): T[][] {
  const count = Math.ceil(all.length / size);
  return Array.from({ length: count }, (_, index) => all.slice(index * size, (index + 1) * size));
}
