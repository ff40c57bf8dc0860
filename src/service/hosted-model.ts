// One model that serves: its learner, the samples that it was sent, and how it has done.

import { join } from "node:path";
import { setImmediate, setTimeout as sleep } from "node:timers/promises";
import { configureLearner } from "../config/configured-learner.ts";
import type { ModelConfig } from "../config/model-config.ts";
import { millisecondsOf } from "../foundation.ts";
import {
  type Clock,
  type DryRunOutcome,
  type Learnable,
  type LearnerEvent,
  type Observation,
  OnlineLearner,
  type OnlineLearnerOptions,
  type ProfitAndLoss,
  type Sample,
  type SampleStore,
  SqliteSampleStore,
  type Submission,
  type UpdateOutcome,
  type UpdateRequest,
  type VersionChange,
  VersionStore,
} from "../index.ts";
import { PerformanceRecord } from "./performance-record.ts";
import { VerdictTally } from "./verdict-tally.ts";

/** Samples that become durable together, and are learned before other requests get their turn. */
const TURN_SAMPLES = 64;
/** How often is looked whether a model's own update has ended. */
const POLL_MS = 50;

/** Hears of everything that happens to models. */
export interface ModelObserver {
  event?(event: LearnerEvent): void;
  /** A sample was learned. */
  sample?(modelId: string, observation: Observation, sample: Sample): void;
  /** An update that was asked for has ended. */
  update?(modelId: string, outcome: UpdateOutcome | DryRunOutcome, isDryRun: boolean): void;
  /** A sample that is durable could not be learned. */
  failure?(modelId: string, error: unknown): void;
}

/** What a model is opened with. */
interface HostedModelOptions {
  id: string;
  config: ModelConfig;
  baseDir: string;
  now: Clock;
  observer: Required<ModelObserver>;
  /** As of an online learner. */
  keepEvents?: OnlineLearnerOptions["keepEvents"];
  /** Where samples are kept; default: a file beside the models. */
  samplesOf?: ((modelId: string, capacity: number) => SampleStore) | undefined;
}

/** What became of some samples. */
export interface Intake {
  /** Those that are durable. */
  accepted: number;
  /** Why the others are not. */
  failure: unknown;
  /** Resolves when those that are durable were learned. */
  learned: Promise<void>;
}

/** A learner in `<baseDir>/<id>`, and its samples in `<baseDir>/.samples/<id>.db`. */
export class HostedModel {
  readonly id: string;
  readonly config: ModelConfig;
  /** The folder of its versions, its state and its audit log. */
  readonly path: string;
  readonly performance = new PerformanceRecord();
  readonly verdicts: VerdictTally;
  readonly pnl: ProfitAndLoss | undefined;
  readonly learner: OnlineLearner;
  /** Checks samples before any of them is learned. */
  readonly model: Learnable;
  readonly #options: HostedModelOptions;
  readonly #dispose: () => void;
  /** The store, or why there is none. */
  readonly #samples: SampleStore | Error;
  readonly #relayed: Promise<void>;

  private constructor(
    options: HostedModelOptions,
    path: string,
    configured: ReturnType<typeof configureLearner>,
    learner: OnlineLearner,
    samples: SampleStore | Error,
  ) {
    this.id = options.id;
    this.config = options.config;
    this.path = path;
    this.verdicts = new VerdictTally(join(path, "audit.jsonl"));
    this.pnl = configured.options.pnl;
    this.model = configured.options.model;
    this.learner = learner;
    this.#options = options;
    this.#dispose = configured.dispose;
    this.#samples = samples;
    this.#relayed = this.#relay();
  }

  /** Throws as `configureLearner` and `OnlineLearner.open`. */
  static async open(options: HostedModelOptions): Promise<HostedModel> {
    const { id, config, baseDir, now, keepEvents, samplesOf } = options;
    const configured = configureLearner(id, config);
    const path = join(baseDir, id);
    let learner: OnlineLearner | undefined;
    try {
      learner = await OnlineLearner.open({
        ...configured.options,
        storagePath: path,
        now,
        ...(keepEvents && { keepEvents }),
      });
      const samples =
        samplesOf?.(id, config.stored_samples) ??
        (await openSamples(join(baseDir, ".samples", `${id}.db`), config, now));
      return new HostedModel(options, path, configured, learner, samples);
    } catch (error) {
      await learner?.close();
      configured.dispose();
      throw error;
    }
  }

  /** What the model was sent, by time. Throws what opening the store threw: DRIVER_MISSING, ... */
  samples(): SampleStore {
    if (this.#samples instanceof Error) throw this.#samples;
    return this.#samples;
  }

  /** Why windows of samples cannot be kept and read; undefined when they can. */
  get samplesFailure(): Error | undefined {
    return this.#samples instanceof Error ? this.#samples : undefined;
  }

  /** Keeps samples, which were checked, and learns from them. */
  async take(samples: readonly Sample[]): Promise<Intake> {
    if (!(this.#samples instanceof Error)) await this.#samples.append(samples);
    const learned: Promise<void>[] = [];
    for (let at = 0; at < samples.length; at += TURN_SAMPLES) {
      const part = samples.slice(at, at + TURN_SAMPLES);
      const ends = await Promise.allSettled(part.map((sample) => this.learner.submit(sample)));
      for (const [index, end] of ends.entries()) {
        if (end.status === "fulfilled") learned.push(this.#tell(part[index]!, end.value));
      }
      const failed = ends.find((end) => end.status === "rejected");
      if (failed) return intakeOf(learned, failed.reason);
      await setImmediate();
    }
    return intakeOf(learned, undefined);
  }

  /** An update that was asked for; one that the model makes by itself comes first. */
  async update(request: UpdateRequest, isDryRun: boolean): Promise<UpdateOutcome | DryRunOutcome> {
    const outcome = await this.#ask(request, isDryRun);
    if (!isDryRun) this.performance.settle(outcome);
    this.#options.observer.update(this.id, outcome, isDryRun);
    return outcome;
  }

  /** Every change of the active version that is remembered, oldest first. */
  async changes(): Promise<readonly VersionChange[]> {
    const versions = await VersionStore.open({ storagePath: this.path, readOnly: true });
    try {
      return (await versions.getCurrent())?.history ?? [];
    } finally {
      await versions.close();
    }
  }

  /** Waits for what is under way and closes everything. Throws the first failure. */
  async close(): Promise<void> {
    try {
      await this.learner.close();
      await this.#relayed;
    } finally {
      this.#dispose();
      if (!(this.#samples instanceof Error)) await this.#samples.close();
    }
  }

  async #ask(request: UpdateRequest, isDryRun: boolean): Promise<UpdateOutcome | DryRunOutcome> {
    const { learner } = this;
    for (;;) {
      while (learner.status().state === "updating" && !request.signal?.aborted)
        await sleep(POLL_MS);
      try {
        return await (isDryRun ? learner.dryRun(request) : learner.update(request));
      } catch (error) {
        const { code } = error as { code?: unknown };
        if (code !== "UPDATE_IN_PROGRESS" || request.signal?.aborted) throw error;
        await sleep(POLL_MS); // its own began while the request was looked at
      }
    }
  }

  async #tell(sample: Sample, { learned }: Submission): Promise<void> {
    const { observer, now } = this.#options;
    try {
      const observation = await learned;
      this.performance.observe(observation, millisecondsOf("now()", now()));
      observer.sample(this.id, observation, sample);
    } catch (error) {
      observer.failure(this.id, error);
    }
  }

  async #relay(): Promise<void> {
    for await (const event of this.learner.events) this.#options.observer.event(event);
  }
}

function intakeOf(learned: readonly Promise<void>[], failure: unknown): Intake {
  return { accepted: learned.length, failure, learned: Promise.all(learned).then(() => {}) };
}

/** Without the driver or the file the model serves and learns all the same. */
async function openSamples(
  path: string,
  { stored_samples: capacity }: ModelConfig,
  now: Clock,
): Promise<SampleStore | Error> {
  try {
    return await SqliteSampleStore.open({ path, capacity, now });
  } catch (error) {
    return error as Error;
  }
}
