// Options of the gate, and the pipeline's options that they become.

import * as z from "zod/mini";
import { clock, parseOptions } from "../../foundation.ts";
import {
  type Clock,
  type Disk,
  type DriftDetector,
  type Ewc,
  type Learnable,
  type LearnerEwcOptions,
  type LockHost,
  MinimumNewTrigger,
  Network,
  NetworkLearnable,
  type OnlineLearnerOptions,
  PageHinkley,
  type ProbationOptions,
  type ProfitAndLoss,
  type SafeModeOptions,
  type Validator,
} from "../../index.ts";
import { ConfidenceBands } from "./confidence-bands.ts";
import { isLockedExample } from "./mistakes.ts";
import type { Tokenizer } from "./signal-tokens.ts";

/** What `GateModel.open` takes. */
export interface GateModelOptions {
  /** Folder of everything the gate knows; without it all lives in memory. */
  storagePath?: string;
  /** Instead of the system's disk and locks, for tests. */
  disk?: Disk;
  lockHost?: LockHost;
  /** Names that the default tokenizer learns its pieces from; once saved, those are used. */
  corpus?: readonly string[];
  /** Instead of the default one; it is not saved, give it at every opening. */
  tokenizer?: Tokenizer;
  /** From probability to decision; default 0.8 and 0.2, not calibrated. */
  bands?: ConfidenceBands;
  /** Buckets that tokens are hashed into: 16..16384, default 512. */
  buckets?: number;
  /** Size of an embedding, and so of the hidden layer: 1..1024, default 32. */
  embeddingSize?: number;
  /** Trains adapters on a frozen base, which gates of one seed share; default: the base itself. */
  adapter?: { rank: number; alpha: number };
  /** Step size of AdamW; default 0.003. */
  lr?: number;
  /** Steps of one update; default 150. */
  maxSteps?: number;
  /** New training examples from one update to the next; default 64. */
  updateEvery?: number;
  /** Newest examples that train; default 512. */
  trainingWindow?: number;
  /** Older examples that are replayed, without the locked ones; default 2048. */
  replayCapacity?: number;
  /** Locked examples at most, > 0; default 512. */
  lockedCapacity?: number;
  /** Whether examples of peers are learned; default `include`. */
  peers?: "include" | "exclude";
  /** EWC over what the gate learns; default lambda 1 with consolidation `ema`; false for none. */
  ewc?: LearnerEwcOptions | false;
  /** What an earlier gate remembers, such as an EWC file; it must outlive the gate. */
  protect?: Ewc;
  /** Watches 1 for each right decision and 0 for each wrong one; default Page-Hinkley on falls. */
  detector?: DriftDetector;
  /** Judges candidates; default as for every learner: finite weights, no higher held-out loss. */
  validator?: Validator;
  /** As for every learner. */
  probation?: Omit<ProbationOptions, "now" | "input"> | false;
  safeMode?: Omit<SafeModeOptions, "now"> | false;
  /** Decisions that the confusion matrix and convergence look at; default 1000. */
  window?: number;
  /** Agreement that is convergence; default 0.95. */
  target?: number;
  /** Seed of everything random; default 0. */
  seed?: number;
  /** Default: the system's clock. */
  now?: Clock;
}

const given = <T>(phrase: string, ...methods: string[]) =>
  z.custom<T>(
    (value) =>
      typeof value === "object" &&
      value !== null &&
      methods.every((method) => typeof (value as Record<string, unknown>)[method] === "function"),
    phrase,
  );

const whole = (least: number, most: number) => {
  const phrase = `an integer from ${least} to ${most}`;
  return z.int(phrase).check(z.minimum(least, phrase), z.maximum(most, phrase));
};

const gateOptions = z.strictObject({
  storagePath: z.optional(z.string().check(z.minLength(1))),
  disk: z.optional(given<Disk>("a disk")),
  lockHost: z.optional(given<LockHost>("a lock host")),
  corpus: z._default(z.array(z.string()), []),
  tokenizer: z.optional(given<Tokenizer>("a tokenizer", "encode")),
  bands: z._default(
    z.custom<ConfidenceBands>((value) => value instanceof ConfidenceBands, "ConfidenceBands"),
    () => new ConfidenceBands(),
  ),
  buckets: z._default(whole(16, 16_384), 512),
  embeddingSize: z._default(whole(1, 1024), 32),
  adapter: z.optional(z.strictObject({ rank: z.number(), alpha: z.number() })),
  lr: z._default(z.number("a number > 0").check(z.gt(0, "a number > 0")), 0.003),
  maxSteps: z._default(whole(1, 1_000_000), 150),
  updateEvery: z._default(whole(1, 1_000_000), 64),
  trainingWindow: z._default(whole(1, 1_000_000), 512),
  replayCapacity: z._default(whole(1, 1_000_000), 2048),
  lockedCapacity: z._default(whole(1, 1_000_000), 512),
  peers: z._default(z.enum(["include", "exclude"]), "include"),
  ewc: z._default(z.union([z.literal(false), given<LearnerEwcOptions>("an object")]), {
    lambda: 1,
    consolidation: "ema",
  }),
  protect: z.optional(given<Ewc>("an Ewc", "fisher", "baseline")),
  detector: z.optional(given<DriftDetector>("a drift detector", "update", "state", "restore")),
  validator: z.optional(given<Validator>("a validator", "validate")),
  probation: z._default(z.union([z.literal(false), given<ProbationOptions>("an object")]), {}),
  safeMode: z._default(z.union([z.literal(false), given<SafeModeOptions>("an object")]), {}),
  window: z._default(whole(1, 1_000_000), 1000),
  target: z._default(z.number(), 0.95),
  seed: z._default(whole(0, 2 ** 32 - 1), 0),
  now: clock,
});

/** The options with their defaults. */
export type ParsedGateOptions = z.output<typeof gateOptions>;

/** Throws OPTION_INVALID, OPTION_UNKNOWN. */
export function parseGateOptions(options: GateModelOptions | undefined): ParsedGateOptions {
  return parseOptions("GateModel", gateOptions, options);
}

/** From here on a probability leans towards allow. */
export const LEANS_TO_ALLOW = 0.5;

/** Part of all contents that judges and never trains. */
export const HOLDOUT_FRACTION = 0.2;

/** Rows of a batch that are new; as many are replayed. */
const BATCH_SIZE = 32;

/**
 * On 1 and 0 with an error rate of e, falls of less than 0.05 are tolerated; the false alarm rate
 * falls as exp(-2 x 0.05 x 15 / e(1-e)), and a fall by 0.35 is noticed after some 50 decisions.
 */
const DRIFT = { mode: "down", delta: 0.05, threshold: 15 } as const;

/**
 * b buckets and the risk score to an embedding of size e, its relu, and the probability of allow.
 */
export function createNetwork({ buckets, embeddingSize, seed }: ParsedGateOptions): Network {
  return new Network({
    inputSize: buckets + 1,
    layers: [
      { name: "embedding", size: embeddingSize, activation: "relu" },
      { name: "hidden", size: embeddingSize, activation: "relu" },
      { name: "allow", size: 1, activation: "sigmoid" },
    ],
    loss: "binary-cross-entropy",
    seed,
  });
}

/** The network as something to learn. Throws OPTION_INVALID. */
export function createLearnable(network: Network, options: ParsedGateOptions): NetworkLearnable {
  const { adapter, lr, maxSteps, seed } = options;
  return new NetworkLearnable({
    network,
    ...(adapter && { adapter }),
    lr,
    maxSteps,
    batchSize: BATCH_SIZE,
    optimizer: "adamw",
    seed,
  });
}

/**
 * 1 where the output leans to the label's side, 0 where it does not: what detector and probation
 * look at. Peers may teach, but what they say of the gate is no evidence: NaN.
 */
const rightness: ProfitAndLoss = (outputs, samples) =>
  Float64Array.from(samples, ({ label, origin }, row) => {
    if (origin === "peer") return Number.NaN;
    return Number(outputs[row]! >= LEANS_TO_ALLOW === label[0]! >= LEANS_TO_ALLOW);
  });

/** What the gate asks of its online learner. */
export function learnerOptionsOf(
  model: Learnable,
  options: ParsedGateOptions,
): Omit<OnlineLearnerOptions, "storagePath" | "store"> {
  const { trainingWindow, replayCapacity, lockedCapacity, seed, now, ewc } = options;
  const { detector, validator, safeMode, probation, updateEvery } = options;
  return {
    model,
    modelId: "gate",
    intake: {
      trainingWindow,
      replayCapacity,
      lockedCapacity,
      isLocked: isLockedExample,
      holdoutFraction: HOLDOUT_FRACTION,
      seed,
    },
    detector: detector ?? new PageHinkley(DRIFT),
    trigger: new MinimumNewTrigger({ minimumNew: updateEvery, now }),
    ...(validator && { validator }),
    pnl: rightness,
    watched: "pnl",
    replayShare: 0.5,
    ...(ewc && { ewc }),
    probation: probation && { bound: 1, ...probation },
    safeMode,
    seed,
    now,
  };
}
