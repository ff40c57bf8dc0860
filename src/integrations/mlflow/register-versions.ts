// Follows a learner's promotions and rollbacks, and puts them into the outbox for MLflow.

import * as z from "zod/mini";
import { decodeSnapshot, parseOptions, Turns } from "../../foundation.ts";
import {
  type CurrentVersion,
  DriftkeelError,
  FileStore,
  type LearnerEvent,
  type OnlineLearner,
  type Store,
  type VersionChange,
  VersionStore,
} from "../../index.ts";
import { modelIdOption } from "../model-id-option.ts";
import type { Outbox } from "../outbox/index.ts";
import { markOf, readTold, type Told, untold, writeTold } from "./version-changes.ts";
import { artifactKey, type VersionRecord, wireNumber } from "./version-records.ts";

const object = <T>() =>
  z.custom<T>((value) => typeof value === "object" && value !== null, "an object");

const optionsSchema = z.object({
  learner: object<Pick<OnlineLearner, "events" | "status">>(),
  modelId: modelIdOption,
  storagePath: z.string(),
  spool: object<Store>(),
  outbox: object<Pick<Outbox, "add">>(),
  params: z._default(z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])), {}),
  onFailure: z.optional(
    z.custom<(error: unknown) => void>((value) => typeof value === "function", "a function"),
  ),
});

/** What `registerVersions` takes. */
export interface RegisterOptions {
  learner: Pick<OnlineLearner, "events" | "status">;
  modelId: string;
  /** The learner's folder. */
  storagePath: string;
  /** Keeps weights until MLflow has them, and how far was told; stays open. */
  spool: Store;
  /** Delivers with `deliverVersions`. */
  outbox: Pick<Outbox, "add">;
  /** Told of every version, such as its configuration; default none. */
  params?: Readonly<Record<string, string | number | boolean>>;
  /** Hears of a change that could not be put into the outbox; it is tried again with the next. */
  onFailure?: (error: unknown) => void;
}

/** Stops following; waits for what is under way. */
export interface Following {
  /** Looks for changes at once. Throws nothing: `onFailure` hears. */
  follow(): Promise<void>;
  close(): Promise<void>;
}

/**
 * From now on every promotion and rollback of a learner is registered, and those that were made
 * while nobody followed. What the learner does never waits for MLflow: changes are durable in the
 * outbox first. Throws OPTION_INVALID, OPTION_UNKNOWN.
 */
export async function registerVersions(options: RegisterOptions): Promise<Following> {
  const follower = new VersionFollower(parseOptions("registerVersions", optionsSchema, options));
  await follower.follow();
  return follower;
}

/** Facts of versions that are kept until they are told: more than can be promoted meanwhile. */
const MOST_FACTS = 100;

/** The events that move the active version or end its probation. */
const MOVES: readonly LearnerEvent["type"][] = ["promoted", "rolled-back", "probation-ended"];

class VersionFollower implements Following {
  readonly #options: z.output<typeof optionsSchema>;
  readonly #events: AsyncIterator<LearnerEvent>;
  readonly #listening: Promise<void>;
  readonly #turns = new Turns();
  /** By kind of change and version that became active. */
  readonly #facts = new Map<string, ChangeFacts>();
  #training: ChangeFacts["params"] = {};

  constructor(options: z.output<typeof optionsSchema>) {
    this.#options = options;
    this.#events = options.learner.events[Symbol.asyncIterator]();
    this.#listening = this.#listen();
  }

  follow(): Promise<void> {
    return this.#turns.run(async () => {
      try {
        await this.#catchUp();
      } catch (error) {
        this.#options.onFailure?.(error);
      }
    });
  }

  async close(): Promise<void> {
    await this.#events.return?.();
    await this.#listening;
    await this.follow();
  }

  async #listen(): Promise<void> {
    for (;;) {
      const { value: event, done } = await this.#events.next();
      if (done) return;
      this.#note(event);
      if (MOVES.includes(event.type)) await this.follow();
    }
  }

  /** Remembers what only events tell. */
  #note(event: LearnerEvent): void {
    if (event.type === "update-started") this.#training = trainingOf(event);
    if (event.type === "promoted") {
      const { reason, measurements: metrics } = event;
      this.#remember("promotion", event.versionId, { reason, params: this.#training, metrics });
    }
    if (event.type === "rolled-back") {
      // What was measured speaks of the version that was left.
      const { reason, to } = event;
      this.#remember("rollback", to, { reason, params: {}, metrics: {} });
    }
  }

  #remember(kind: VersionChange["kind"], versionId: string, facts: ChangeFacts): void {
    this.#facts.set(`${kind}/${versionId}`, facts);
    const [oldest] = this.#facts.keys();
    if (this.#facts.size > MOST_FACTS) this.#facts.delete(oldest!);
  }

  async #catchUp(): Promise<void> {
    const { modelId, spool, storagePath } = this.#options;
    const current = await currentOf(storagePath);
    if (!current) return;
    let told = await readTold(spool, modelId);
    for (const change of untold(current.history, told)) {
      await this.#tell(change, current);
      // Told twice when the process ends here: everything may arrive twice.
      told = { ...told, last: markOf(change) };
      await writeTold(spool, modelId, told);
    }
    await this.#tellChallenger(told);
  }

  async #tell(change: VersionChange, current: CurrentVersion): Promise<void> {
    const { modelId, spool, outbox, params } = this.#options;
    const { kind, versionId, at } = change;
    const version = await this.#read(versionId);
    if (!version) return;
    const key = `${kind}/${versionId}`;
    const facts = this.#facts.get(key) ?? factsIn(change, current, this.#training);
    const { seed, kernelBuild, parent = "" } = version.snapshot;
    const own = { seed, kernel_build: kernelBuild, parent, reason: facts.reason };
    const all = Object.entries({ ...params, ...own, ...facts.params });
    const metrics = Object.entries(facts.metrics).map(([name, value]) => [name, wireNumber(value)]);
    await spool.write(artifactKey(modelId, versionId), version.bytes);
    await outbox.add({
      kind: "champion",
      model_id: modelId,
      version_id: versionId,
      change: kind,
      reason: facts.reason,
      at: at.toISOString(),
      source: kind === "promotion" ? change.source : null,
      params: Object.fromEntries(all.map(([name, value]) => [name, String(value)])),
      metrics: Object.fromEntries(metrics),
    } satisfies VersionRecord);
    this.#facts.delete(key);
  }

  /** The file of a version; undefined when it is gone or damaged, which is told once. */
  async #read(versionId: string) {
    try {
      const bytes = await weightsOf(this.#options.storagePath, versionId);
      return { bytes, snapshot: await decodeSnapshot(bytes) };
    } catch (error) {
      if (!/^(VERSION_UNKNOWN|SNAPSHOT_CORRUPT)$/.test((error as DriftkeelError).code)) throw error;
      this.#options.onFailure?.(error);
      return undefined;
    }
  }

  /** While a version is on probation the one before it runs beside it, to take over again. */
  async #tellChallenger(told: Told): Promise<void> {
    const { learner, modelId, outbox, spool } = this.#options;
    const { probation, previousId } = learner.status();
    const challenger = probation?.outcome === "running" ? (previousId ?? null) : null;
    if (challenger === told.challenger) return;
    const record = { kind: "challenger", model_id: modelId, version_id: challenger } as const;
    await outbox.add(record satisfies VersionRecord);
    await writeTold(spool, modelId, { ...told, challenger });
  }
}

/** What is told of a change. */
interface ChangeFacts {
  reason: string;
  params: Readonly<Record<string, string>>;
  metrics: Readonly<Record<string, number>>;
}

function trainingOf(event: Extract<LearnerEvent, { type: "update-started" }>) {
  const { reason, samples, replayed, trainedOn } = event;
  return {
    update_reason: reason,
    training_samples: String(samples),
    replayed_samples: String(replayed),
    ...(trainedOn && { trained_from: trainedOn.from.toISOString() }),
    ...(trainedOn && { trained_to: trainedOn.to.toISOString() }),
  };
}

/** What the history knows of a change that no event was heard of. */
function factsIn(
  change: VersionChange,
  { activeId, benchmark = {} }: CurrentVersion,
  training: ChangeFacts["params"],
): ChangeFacts {
  if (change.kind === "rollback") {
    const reason = `rolled back from ${change.rollbackFrom ?? "an unknown version"}`;
    return { reason, params: {}, metrics: {} };
  }
  const reason = `promoted by ${change.source}`;
  if (activeId !== change.versionId) return { reason, params: {}, metrics: {} };
  return { reason, params: training, metrics: benchmark };
}

async function currentOf(storagePath: string): Promise<CurrentVersion | undefined> {
  const versions = await VersionStore.open({ storagePath, readOnly: true });
  try {
    return await versions.getCurrent();
  } finally {
    await versions.close();
  }
}

/** The file of a version. Throws VERSION_UNKNOWN when it was evicted. */
async function weightsOf(storagePath: string, versionId: string): Promise<Uint8Array> {
  const store = await FileStore.open({ storagePath, readOnly: true });
  try {
    const bytes = await store.read(`versions/${versionId}/model.safetensors`);
    if (bytes) return bytes;
  } finally {
    await store.close();
  }
  const message =
    `Expected the version ${versionId} to be there until MLflow is told of it, got none: it was ` +
    "evicted. It is passed over; keep more versions.";
  throw new DriftkeelError("VERSION_UNKNOWN", message);
}
