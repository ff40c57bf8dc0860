// The options of a router cycle.

import * as z from "zod/mini";
import { clock } from "../../foundation.ts";
import type { Clock, Disk, LockHost, PromotionPolicyOptions } from "../../index.ts";
import { BenchmarkSuite } from "./benchmark-suite.ts";
import type { TaskExecutor } from "./evaluator.ts";
import {
  networkSchema,
  type RouterNetworkOptions,
  type RouterTrainingOptions,
  seedSchema,
  trainingSchema,
} from "./router-options.ts";

const path = z.string().check(z.minLength(1), z.maxLength(4096));
const isObject = (value: unknown): boolean => typeof value === "object" && value !== null;
const isFunction = (value: unknown): boolean => typeof value === "function";

const policySchema = z.strictObject({
  minRewardDelta: z._default(z.number(), 0),
  maxErrorRateIncrease: z._default(z.number(), 0.02),
  maxLatencyIncreaseMs: z._default(z.number(), 5),
  requiredTaskCount: z._default(z.int().check(z.minimum(1)), 20),
  confidence: z._default(z.number().check(z.minimum(0.5), z.maximum(0.9999)), 0.95),
});

/** Schema of `RouterCycleOptions`. */
export const cycleSchema = z.strictObject({
  path,
  suite: z.custom<BenchmarkSuite>((value) => value instanceof BenchmarkSuite, "a BenchmarkSuite"),
  trajectoriesPath: z.optional(path),
  seenPath: z.optional(path),
  caseIndexPath: z.optional(path),
  rebuildCaseIndex: z._default(z.boolean(), false),
  minNewTrajectories: z._default(z.int().check(z.minimum(1)), 100),
  maxTrajectories: z._default(z.int().check(z.minimum(2), z.maximum(1_000_000)), 5000),
  maxFileBytes: z._default(z.int().check(z.minimum(1)), 2 ** 20),
  maxVersions: z._default(z.int().check(z.minimum(4), z.maximum(10_000)), 20),
  dryRun: z._default(z.boolean(), false),
  baselineVersion: z.optional(z.string()),
  policy: z.prefault(policySchema, {}),
  network: z.prefault(networkSchema, {}),
  training: z.prefault(trainingSchema, {}),
  seed: z._default(seedSchema, 0),
  execute: z.optional(z.custom<TaskExecutor>(isFunction, "a function")),
  now: clock,
  timer: z.optional(z.custom<() => number>(isFunction, "a function that returns milliseconds")),
  disk: z.optional(z.custom<Disk>(isObject, "a Disk")),
  lockHost: z.optional(z.custom<LockHost>(isObject, "a LockHost")),
  signal: z.optional(z.custom<AbortSignal>(isObject, "an AbortSignal")),
});

/** The options with their defaults. */
export type ParsedCycleOptions = z.output<typeof cycleSchema>;

/** What `runRouterCycle` takes. */
export interface RouterCycleOptions {
  /** The folder of the router: versions, pointer, audit log, reports. */
  path: string;
  /** What decides; its tasks are never learned from. */
  suite: BenchmarkSuite;
  /** Default `<path>/trajectories`; only read. */
  trajectoriesPath?: string;
  /** Where the ids of learned trajectories are kept; default `<path>/seen.json`. */
  seenPath?: string;
  /** A case index that is rebuilt after the cycle; default none. */
  caseIndexPath?: string;
  /** Rebuilds it after a skipped cycle too, at `<path>/case-index.json` without a path. */
  rebuildCaseIndex?: boolean;
  /** Fewer unseen ones: the cycle is skipped; default 100. */
  minNewTrajectories?: number;
  /** Used in one cycle at most, the others wait; default 5000. */
  maxTrajectories?: number;
  /** Larger files are reported and skipped; default 1 MiB. */
  maxFileBytes?: number;
  /** Versions kept; default 20. */
  maxVersions?: number;
  /** Everything but promotion, version, seen marks and case index; a report is written. */
  dryRun?: boolean;
  /** Starts from this version and compares with it only; default the active one. */
  baselineVersion?: string;
  /** Default: a gain of at least 0 with confidence 0.95, 20 tasks, errors +0.02, latency +5 ms. */
  policy?: Partial<PromotionPolicyOptions>;
  /** Of the first version. */
  network?: RouterNetworkOptions;
  training?: RouterTrainingOptions;
  /** Of the training; default 0. */
  seed?: number;
  /** Carries out decisions on benchmark tasks; default the rewards that the suite states. */
  execute?: TaskExecutor;
  /** Default: the system's clock. */
  now?: Clock;
  /** Milliseconds for latencies and durations; default a clock that only goes forward. */
  timer?: () => number;
  disk?: Disk;
  lockHost?: LockHost;
  /** Ends the training; the cycle is reported as failed. */
  signal?: AbortSignal;
}
