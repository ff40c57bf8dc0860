// The options of a router cycle.

import * as z from "zod";
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

const path = z.string().min(1).max(4096);
const isObject = (value: unknown): boolean => typeof value === "object" && value !== null;
const isFunction = (value: unknown): boolean => typeof value === "function";

const policySchema = z.strictObject({
  minRewardDelta: z.number().default(0),
  maxErrorRateIncrease: z.number().default(0.02),
  maxLatencyIncreaseMs: z.number().default(5),
  requiredTaskCount: z.int().min(1).default(20),
  confidence: z.number().min(0.5).max(0.9999).default(0.95),
});

/** Schema of `RouterCycleOptions`. */
export const cycleSchema = z.strictObject({
  path,
  suite: z.custom<BenchmarkSuite>((value) => value instanceof BenchmarkSuite, "a BenchmarkSuite"),
  trajectoriesPath: path.optional(),
  seenPath: path.optional(),
  caseIndexPath: path.optional(),
  rebuildCaseIndex: z.boolean().default(false),
  minNewTrajectories: z.int().min(1).default(100),
  maxTrajectories: z.int().min(2).max(1_000_000).default(5000),
  maxFileBytes: z
    .int()
    .min(1)
    .default(2 ** 20),
  maxVersions: z.int().min(4).max(10_000).default(20),
  dryRun: z.boolean().default(false),
  baselineVersion: z.string().optional(),
  policy: policySchema.prefault({}),
  network: networkSchema.prefault({}),
  training: trainingSchema.prefault({}),
  seed: seedSchema.default(0),
  execute: z.custom<TaskExecutor>(isFunction, "a function").optional(),
  now: clock,
  timer: z.custom<() => number>(isFunction, "a function that returns milliseconds").optional(),
  disk: z.custom<Disk>(isObject, "a Disk").optional(),
  lockHost: z.custom<LockHost>(isObject, "a LockHost").optional(),
  signal: z.custom<AbortSignal>(isObject, "an AbortSignal").optional(),
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
