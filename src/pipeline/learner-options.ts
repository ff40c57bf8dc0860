// Options of the online learner.

import * as z from "zod/mini";
import { type Clock, clock } from "../clock.ts";
import type { LearnerEvent } from "../events.ts";
import type { Learnable } from "../model/learnable.ts";
import type { Sample } from "../model/sample.ts";
import {
  nonNegativeInteger,
  nonNegativeNumber,
  positiveInteger,
  seed,
  shareBelowOne,
} from "../options.ts";
import { type StoreOptions, storeOptions } from "../store/choose-store.ts";
import { storagePath } from "../store/storage-options.ts";
import type { DriftDetector } from "./drift/drift-detector.ts";
import type { IntakeOptions } from "./feedback/intake.ts";
import type { ProbationOptions } from "./promote/probation.ts";
import type { SafeModeOptions } from "./promote/safe-mode.ts";
import type { Trigger } from "./trigger/trigger.ts";
import type { LearnerEwcOptions } from "./update/candidate-trainer.ts";
import type { ProfitAndLoss } from "./validate/snapshot-of.ts";
import type { Validator } from "./validate/validator.ts";

export interface OnlineLearnerOptions extends Omit<StoreOptions, "readOnly"> {
  /** What is learned: a `NetworkLearnable` or a `BlackBoxLearnable`. */
  model: Learnable;
  /** Names the model in events, ids and files; default "model". */
  modelId?: string;
  /**
   * Folder of versions, pointer, state and the audit log `audit.jsonl`. With it, or with `store`
   * (which has no audit log), the learner goes on after a restart or a crash where it was; without
   * either all lives in memory.
   */
  storagePath?: string;
  /**
   * Whether `observe` resolves only once its sample would survive a power cut; default true. With
   * false a crash may lose samples since the last checkpoint, never a version or an event.
   */
  durableSamples?: boolean;
  /**
   * Samples between two checkpoints of the state at least; updates make one, too. There are never
   * more than one for as many samples as the windows and memories hold. Default 256.
   */
  checkpointEvery?: number;
  /** Versions kept; default 20. */
  maxVersions?: number;
  /** Windows that train and judge, and how much of the past is kept. */
  intake?: IntakeOptions;
  /**
   * What the first version was trained on, oldest first: it fills the windows and the memory of the
   * past, and EWC protects it. Ignored once there is a state to go on from.
   */
  history?: readonly Sample[];
  /** Watches every sample before it is learned. */
  detector?: DriftDetector;
  /**
   * What its drift does. `new-chapter` (default): the windows start anew, and updates are tried
   * until they have filled with what came after it. `update`: an update is tried on the windows as
   * they are.
   */
  onDrift?: "new-chapter" | "update";
  /**
   * What the versions would have earned: for validators that judge P&L, which then also see that of
   * the anchor, and for `watched`. Gets outputs f32[n x o] and their n samples, gives f64[n].
   */
  pnl?: ProfitAndLoss;
  /**
   * What detector, trigger and probation look at: each sample's loss (default), or its P&L, of
   * which triggers get the negative.
   */
  watched?: "loss" | "pnl";
  /** Asks for updates on other grounds as well. */
  trigger?: Trigger;
  /** Judges candidates on the holdout; default: finite weights, and a loss that is not higher. */
  validator?: Validator;
  /** Training samples an update needs; after drift, also those between two; default 64. */
  minSamples?: number;
  /** Training samples since the last update that the next one needs; default 0. */
  minNewSamples?: number;
  /** Milliseconds from the start of an update to that of the next at the earliest; default 0. */
  minIntervalMs?: number;
  /** Held-out samples there must be to judge; default 16. */
  minHoldout?: number;
  /** Part of every batch that is replayed; default 0.5, 0 for none. */
  replayShare?: number;
  /** EWC over the trained parameters, consolidated once per promotion; default none. */
  ewc?: LearnerEwcOptions;
  /** Watch over a promoted version; default on, with its defaults; false for none. */
  probation?: Omit<ProbationOptions, "now" | "input"> | false;
  /** What follows a rollback; default on, with its defaults; false for none. */
  safeMode?: Omit<SafeModeOptions, "now"> | false;
  /** Asked before every update; false holds it off, for example while positions are open. */
  updateGuard?: () => Promise<boolean>;
  /**
   * Called with every sample right before it is learned, also with those that are observed again
   * after a crash: for a clock that goes by the samples.
   */
  beforeLearning?: (sample: Sample) => void;
  /**
   * Awaited with what has happened before the audit log has it and before the state is kept: who
   * keeps it durably misses nothing, and may get some of it again after a crash. What it throws is
   * told as `checkpoint-failed`, and it gets the same once more later.
   */
  keepEvents?: (events: readonly LearnerEvent[]) => Promise<void>;
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
  modelId: z._default(z.string().check(z.minLength(1), z.maxLength(128)), "model"),
  storagePath: z.optional(storagePath),
  store: storeOptions.store,
  disk: storeOptions.disk,
  lockHost: storeOptions.lockHost,
  maxVersions: z._default(positiveInteger, 20),
  durableSamples: z._default(z.boolean(), true),
  checkpointEvery: z._default(positiveInteger.check(z.maximum(1_000_000, "at most 10^6")), 256),
  intake: z.optional(object<IntakeOptions>("an object")),
  history: z.optional(z.array(z.custom<Sample>())),
  onDrift: z._default(z.enum(["new-chapter", "update"]), "new-chapter"),
  detector: z.optional(object<DriftDetector>("a drift detector", "update", "state", "restore")),
  trigger: z.optional(object<Trigger>("a trigger", "shouldRetrain", "recordSample")),
  validator: z.optional(object<Validator>("a validator", "validate")),
  minSamples: z._default(positiveInteger, 64),
  minNewSamples: z._default(nonNegativeInteger, 0),
  minIntervalMs: z._default(nonNegativeNumber, 0),
  minHoldout: z._default(positiveInteger, 16),
  pnl: z.optional(z.custom<ProfitAndLoss>((value) => typeof value === "function", "a function")),
  watched: z._default(z.enum(["loss", "pnl"]), "loss"),
  replayShare: z._default(shareBelowOne, 0.5),
  ewc: z.optional(object<LearnerEwcOptions>("an object")),
  probation: z._default(z.union([z.literal(false), object<ProbationOptions>("an object")]), {}),
  safeMode: z._default(z.union([z.literal(false), object<SafeModeOptions>("an object")]), {}),
  updateGuard: z.optional(
    z.custom<() => Promise<boolean>>((value) => typeof value === "function", "a function"),
  ),
  beforeLearning: z.optional(
    z.custom<(sample: Sample) => void>((value) => typeof value === "function", "a function"),
  ),
  keepEvents: z.optional(
    z.custom<(events: readonly LearnerEvent[]) => Promise<void>>(
      (value) => typeof value === "function",
      "a function",
    ),
  ),
  seed: z._default(seed, 0),
  now: clock,
});
