// One learner that is poisoned for a while, and what it serves all along.

import { Random } from "../../src/core/random.ts";
import { Network } from "../../src/model/network.ts";
import { NetworkLearnable } from "../../src/model/network-learnable.ts";
import type { Sample } from "../../src/model/sample.ts";
import { PageHinkley } from "../../src/pipeline/drift/page-hinkley.ts";
import { OnlineLearner } from "../../src/pipeline/learner.ts";
import type { OnlineLearnerOptions } from "../../src/pipeline/learner-options.ts";
import type { Observation } from "../../src/pipeline/learner-results.ts";
import { ScheduledTrigger } from "../../src/pipeline/trigger/scheduled-trigger.ts";
import { Composite } from "../../src/pipeline/validate/composite.ts";
import { FiniteWeights } from "../../src/pipeline/validate/finite-weights.ts";
import { LossDelta } from "../../src/pipeline/validate/loss-delta.ts";
import { Retention } from "../../src/pipeline/validate/retention.ts";
import type { Poison } from "./poisons.ts";
import { WrappedLearnable } from "./wrapped-learnable.ts";

/** Samples before, during and after the poison. */
export const phases = { clean: 2000, poisoned: 300, after: 600 };
/** The served loss may rise to this many times the loss before the poison. */
export const BAND = 1.25;
/** What the Retention validator lets go, as a share of the loss; chosen on other seeds. */
export const FORGETTING = 0.05;
/** Samples between two updates. */
const INTERVAL = 100;
const NOISE = 0.3;
const INPUT_SIZE = 4;
/** Fresh clean samples that the served model is measured on. */
const FRESH = 400;
const MINUTE_MS = 60_000;

/** `guarded`: all that the library has. `probation only`: the gates believe everything. */
export type Guard = "guarded" | "guarded, with a drift detector" | "probation only" | "none";

export interface PoisonedRun {
  /** Rows refused before anything saw them. */
  refused: number;
  /** Updates from the first poisoned sample on, by what became of them. */
  failed: number;
  rejected: number;
  rolledBack: number;
  keptSound: number;
  keptHarmful: number;
  /** Samples from the promotion of an update to its rollback. */
  delays: number[];
  /** Served loss on clean samples from the start of the poison on, as a share of that before it. */
  served: number[];
}

/** Sound feedback: y = sin(2 a) + b c - d / 2 and noise. */
function world(seed: number, count: number): Sample[] {
  const random = new Random(seed);
  return Array.from({ length: count }, () => {
    const input = Float32Array.from({ length: INPUT_SIZE }, () => random.normal());
    const [a, b, c, d] = input as unknown as [number, number, number, number];
    const y = Math.sin(2 * a) + b * c - d / 2 + NOISE * random.normal();
    return { input, label: Float32Array.of(y) };
  });
}

async function trainedNetwork(seed: number): Promise<Network> {
  const network = new Network({
    inputSize: INPUT_SIZE,
    layers: [
      { name: "hidden", size: 24, activation: "tanh" },
      { name: "output", size: 1 },
    ],
    seed,
  });
  const options = { lr: 0.01, optimizer: "adamw", batchSize: 64, maxSteps: 1500 } as const;
  await network.train(world(4 * seed + 1, 1000), { ...options, schedule: "cosine", seed });
  return network;
}

const believer = { validate: () => ({ pass: true, reason: "no gate", measurements: {} }) };

/** The options that a guard adds. `loss`: of the model on clean samples. */
function guardOptions(guard: Guard, loss: number): Partial<OnlineLearnerOptions> {
  if (guard === "none") return { validator: believer, probation: false, safeMode: false };
  if (guard === "probation only") return { validator: believer };
  const gates = [new FiniteWeights(), new LossDelta(0), new Retention(FORGETTING * loss)];
  return {
    validator: new Composite(gates),
    ewc: { lambda: 0.1 },
    ...(guard === "guarded, with a drift detector" && {
      detector: new PageHinkley({ threshold: 20, delta: 0.05, mode: "up" }),
    }),
  };
}

/** A learner under poison, and the account of it. */
class Trial {
  readonly run: PoisonedRun = {
    refused: 0,
    failed: 0,
    rejected: 0,
    rolledBack: 0,
    keptSound: 0,
    keptHarmful: 0,
    delays: [],
    served: [],
  };
  /** Samples so far. */
  time = 0;
  readonly #learner: OnlineLearner;
  readonly #fresh: Sample[];
  readonly #clean: number;
  #lossBefore = Number.NaN;
  #served = 1;
  #promotedAt: number | undefined;

  constructor(learner: OnlineLearner, fresh: Sample[], clean: number) {
    this.#learner = learner;
    this.#fresh = fresh;
    this.#clean = clean;
  }

  get isPoisoned(): boolean {
    return this.time >= this.#clean && this.time < this.#clean + phases.poisoned;
  }

  async observe(sample: Sample): Promise<void> {
    if (this.time === this.#clean) this.#lossBefore = this.#loss();
    const seen = await this.#learner.observe(sample).catch((error: unknown) => {
      if (!(error instanceof Error) || !refusals.includes(codeOf(error))) throw error;
      return undefined;
    });
    if (this.time >= this.#clean) this.#count(seen);
    this.time++;
  }

  #count(seen: Observation | undefined): void {
    if (!seen) this.run.refused++;
    if (seen?.rolledBack) this.settle(true);
    const outcome = seen?.update?.outcome;
    if (outcome === "failed" || outcome === "rejected") this.run[outcome]++;
    if (outcome === "promoted") {
      this.settle(false);
      this.#promotedAt = this.time;
    }
    if (seen?.rolledBack || outcome === "promoted") this.#served = this.#loss() / this.#lossBefore;
    this.run.served.push(this.#served);
  }

  /** Notes what became of the last promotion. */
  settle(isBack: boolean): void {
    if (this.#promotedAt === undefined) return;
    if (isBack) this.run.delays.push(this.time - this.#promotedAt);
    const kept = this.#served > BAND ? "keptHarmful" : "keptSound";
    this.run[isBack ? "rolledBack" : kept]++;
    this.#promotedAt = undefined;
  }

  /** Of what is served, on clean samples. */
  #loss(): number {
    const squares = this.#fresh.map(
      ({ input, label }) => (this.#learner.predict(input).output[0]! - label[0]!) ** 2,
    );
    return squares.reduce((sum, square) => sum + square / FRESH, 0);
  }
}

/** Codes of feedback that is refused at the door. */
const refusals = ["VALUE_NOT_FINITE", "ARGUMENT_TYPE", "ARGUMENT_RANGE"];
const codeOf = (error: Error): string => String((error as { code?: unknown }).code);

/** Runs one seed; `clean`: sound samples before the poison. */
export async function runPoisoned(
  seed: number,
  poison: Poison,
  guard: Guard,
  clean = phases.clean,
): Promise<PoisonedRun> {
  const network = await trainedNetwork(seed);
  const fresh = world(4 * seed + 2, FRESH);
  const stream = world(4 * seed + 3, clean + phases.poisoned + phases.after);
  const random = new Random(seed);
  const training = { lr: 0.003, optimizer: "adamw", batchSize: 64, maxSteps: 60 } as const;
  const inside = new NetworkLearnable({ network, ...training });
  const { sabotage, spoil } = poison;
  let trial: Trial | undefined;
  const model = new WrappedLearnable(inside, (active, request) =>
    sabotage && trial?.isPoisoned
      ? sabotage(inside, active, request)
      : inside.propose(active, request),
  );
  const learner: OnlineLearner = await OnlineLearner.open({
    model,
    seed,
    trigger: new ScheduledTrigger({ interval: INTERVAL }),
    intake: { trainingWindow: 256 },
    maxVersions: 3,
    // A promotion would cut the probation of the one before short.
    updateGuard: async () => learner.status().probation?.outcome !== "running",
    now: () => (trial?.time ?? 0) * MINUTE_MS,
    ...guardOptions(guard, network.loss(fresh)),
  });
  trial = new Trial(learner, fresh, clean);
  for (const sound of stream) {
    await trial.observe(trial.isPoisoned && spoil ? spoil(sound, random) : sound);
  }
  trial.settle(false);
  await learner.close();
  network.dispose();
  return trial.run;
}
