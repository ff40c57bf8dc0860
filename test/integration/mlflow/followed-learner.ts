// A learner in a folder whose versions are registered through an outbox, as `serve` does it.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  FileStore,
  Network,
  NetworkLearnable,
  OnlineLearner,
  Random,
  type Sample,
} from "../../../src/index.ts";
import {
  deliverVersions,
  type Following,
  MlflowRegistry,
  registerVersions,
} from "../../../src/integrations/mlflow/index.ts";
import { Outbox } from "../../../src/integrations/outbox/index.ts";

/** The name of the model. */
export const MODEL = "signal";

/** y = sin(3x) + shift. */
function world(seed: number, shift: number, count: number): Sample[] {
  const random = new Random(seed);
  return Array.from({ length: count }, () => {
    const x = 2 * random.uniform() - 1;
    return { input: Float32Array.of(x), label: Float32Array.of(Math.sin(3 * x) + shift) };
  });
}

/** The parts, opened on one folder. */
export class FollowedLearner {
  readonly learner: OnlineLearner;
  readonly outbox: Outbox;
  /** What could not be told or delivered. */
  readonly failures: unknown[] = [];
  readonly #folder: string;
  readonly #following: Following;
  readonly #spool: FileStore;
  #seed = 1;

  private constructor(
    folder: string,
    parts: { learner: OnlineLearner; outbox: Outbox; following: Following; spool: FileStore },
  ) {
    this.#folder = folder;
    this.learner = parts.learner;
    this.outbox = parts.outbox;
    this.#following = parts.following;
    this.#spool = parts.spool;
  }

  /** Goes on with what the folder holds. */
  static async open(folder: string, url: string): Promise<FollowedLearner> {
    const network = new Network({
      inputSize: 1,
      layers: [
        { name: "hidden", size: 16, activation: "tanh" },
        { name: "output", size: 1 },
      ],
    });
    const storagePath = join(folder, "model");
    const learner = await OnlineLearner.open({
      model: new NetworkLearnable({ network, lr: 0.01, optimizer: "adamw", maxSteps: 200 }),
      modelId: MODEL,
      storagePath,
      minSamples: 8,
      minHoldout: 2,
      // Long enough to be under way whenever it is looked at.
      probation: { minSamples: 5000 },
      safeMode: false,
    });
    const spool = await FileStore.open({ storagePath: join(folder, "spool") });
    const registry = new MlflowRegistry({ url, maxAttempts: 1, timeoutMs: 5000 });
    const failures: unknown[] = [];
    const outbox = await Outbox.open({
      store: await FileStore.open({ storagePath: join(folder, "outbox") }),
      deliver: deliverVersions({ registry, spool, onPassedOver: (each) => failures.push(each) }),
      firstPauseMs: 50,
      longestPauseMs: 500,
      batchSize: 4,
    });
    const params = { optimizer: "adamw", lr: 0.01 };
    const onFailure = (error: unknown) => failures.push(error);
    const told = { learner, modelId: MODEL, storagePath, spool, outbox, params, onFailure };
    const following = await registerVersions(told);
    return new FollowedLearner(folder, { learner, outbox, following, spool });
  }

  /** Learns a world that has moved on, and returns the version that was promoted for it. */
  async promote(source: string): Promise<string> {
    this.#seed += 1;
    for (const sample of world(this.#seed, this.#seed, 80)) await this.learner.observe(sample);
    const { outcome, reason, versionId } = await this.learner.update({ source });
    if (outcome !== "promoted") throw new Error(`The update was ${outcome}: ${reason}`);
    await this.#following.follow();
    return versionId!;
  }

  /** Goes back to a version. */
  async rollback(versionId: string): Promise<void> {
    await this.learner.rollback(versionId);
    await this.#following.follow();
  }

  /** Of the file of a version. */
  digest(versionId: string): string {
    const path = join(this.#folder, "model", "versions", versionId, "model.safetensors");
    return createHash("sha256").update(readFileSync(path)).digest("hex");
  }

  /** Artifacts that wait. */
  async waitingArtifacts(): Promise<number> {
    return (await this.#spool.list("artifacts/")).length;
  }

  async close(): Promise<void> {
    await this.#following.close();
    await this.learner.close();
    await this.outbox.close();
    await this.#spool.close();
  }
}
