// Options of the online learner.

import * as z from "zod";
import { type Clock, clock } from "../clock.ts";
import type { Learnable } from "../model/learnable.ts";
import { nonNegativeInteger, nonNegativeNumber, positiveInteger, seed, share } from "../options.ts";
import type { DriftDetector } from "./drift/drift-detector.ts";
import type { IntakeOptions } from "./feedback/intake.ts";
import type { ProbationOptions } from "./promote/probation.ts";
import type { SafeModeOptions } from "./promote/safe-mode.ts";
import type { Trigger } from "./trigger/trigger.ts";
import type { LearnerEwcOptions } from "./update/candidate-trainer.ts";
import type { Validator } from "./validate/validator.ts";

export interface OnlineLearnerOptions {
  /** What is learned: a `NetworkLearnable` or a `BlackBoxLearnable`. */
  model: Learnable;
  /** Names the model in events, ids and files; default "model". */
  modelId?: string;
  /** Folder of versions and pointer; without it versions live in memory. */
  storagePath?: string;
  /** Versions kept; default 20. */
  maxVersions?: number;
  /** Windows that train and judge, and how much of the past is kept. */
  intake?: IntakeOptions;
  /**
   * Watches the loss of every sample before it is learned. Its drift starts the windows anew and
   * asks for updates until they have filled with what came after it.
   */
  detector?: DriftDetector;
  /** Asks for updates on other grounds as well. */
  trigger?: Trigger;
  /** Judges candidates on the holdout; default: finite weights, and a loss that is not higher. */
  validator?: Validator;
  /** Training samples an update needs; after drift, also those between two; default 64. */
  minSamples?: number;
  /** Held-out samples there must be to judge; default 16. */
  minHoldout?: number;
  /** Part of every batch that is replayed; default 0.5, 0 for none. */
  replayShare?: number;
  /** EWC over the trained parameters, consolidated once per promotion; default none. */
  ewc?: LearnerEwcOptions;
  /** Watch over a promoted version; default on, with its defaults; false for none. */
  probation?: Omit<ProbationOptions, "now"> | false;
  /** What follows a rollback; default on, with its defaults; false for none. */
  safeMode?: Omit<SafeModeOptions, "now"> | false;
  /** Asked before every update; false holds it off, for example while positions are open. */
  updateGuard?: () => Promise<boolean>;
  /** Seed of everything random; default 0. */
  seed?: number;
  /** Default: the system's clock. */
  now?: Clock;
}

const object = <T>(phrase: string, ...methods: string[]) =>
  z.custom<T>(
    (value) =>
      typeof value === "object" &&
      value !== null &&
      methods.every((name) => typeof (value as Record<string, unknown>)[name] === "function"),
    phrase,
  );

/** Schema of the options; the parts that other classes own are checked by those. */
export const learnerOptions = z.strictObject({
  model: object<Learnable>("something to learn", "initial", "load", "propose", "fisher", "check"),
  modelId: z.string().min(1).max(128).default("model"),
  storagePath: z.string().min(1).optional(),
  maxVersions: positiveInteger.default(20),
  intake: object<IntakeOptions>("an object").optional(),
  detector: object<DriftDetector>("a drift detector", "update", "state", "restore").optional(),
  trigger: object<Trigger>("a trigger", "shouldRetrain", "recordSample").optional(),
  validator: object<Validator>("a validator", "validate").optional(),
  minSamples: positiveInteger.default(64),
  minHoldout: positiveInteger.default(16),
  replayShare: share.lt(1, "a number from 0 to below 1").default(0.5),
  ewc: object<LearnerEwcOptions>("an object").optional(),
  probation: z.union([z.literal(false), object<ProbationOptions>("an object")]).default({}),
  safeMode: z.union([z.literal(false), object<SafeModeOptions>("an object")]).default({}),
  updateGuard: z
    .custom<() => Promise<boolean>>((value) => typeof value === "function", "a function")
    .optional(),
  seed: seed.default(0),
  now: clock,
});

/** State that is kept beside a version, in `learner.json`. */
export const learnerState = z.object({
  attempts: nonNegativeInteger,
  detector: z.unknown(),
  safe_mode: z.unknown(),
  trigger: z.object({
    last_trigger_ms: nonNegativeNumber.nullable(),
    sample_count: nonNegativeInteger,
    recent_losses: z.array(z.number()),
  }),
});
