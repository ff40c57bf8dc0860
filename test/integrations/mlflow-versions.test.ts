// From a learner's promotions and rollbacks to the registry: nothing is left out, whatever fails.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type LearnerEvent,
  MemoryStore,
  type OnlineLearner,
  VersionStore,
} from "../../src/index.ts";
import { deliverVersions } from "../../src/integrations/mlflow/deliver-versions.ts";
import type { RegisteredVersion } from "../../src/integrations/mlflow/mlflow-registry.ts";
import { registerVersions } from "../../src/integrations/mlflow/register-versions.ts";
import type { VersionFacts } from "../../src/integrations/mlflow/version-facts.ts";
import type { VersionRecord } from "../../src/integrations/mlflow/version-records.ts";

let folder: string;
let versions: VersionStore;
let clock: number;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "driftkeel-versions-"));
  clock = 1_700_000_000_000;
  const now = () => {
    clock += 1000;
    return clock;
  };
  versions = await VersionStore.open({
    storagePath: folder,
    modelId: "signal",
    maxVersions: 4,
    now,
  });
});
afterEach(async () => {
  await versions.close();
  await rm(folder, { recursive: true });
});

/** What a learner says of itself, when its versions are moved by hand. */
function standing(
  previousId?: string,
  happened: Partial<LearnerEvent>[] = [],
): Pick<OnlineLearner, "events" | "status"> {
  const status = { probation: { outcome: "running" }, previousId };
  const events = (async function* () {
    yield* happened;
  })();
  return { events, status: () => status } as unknown as Pick<OnlineLearner, "events" | "status">;
}

async function promote(value: number, benchmark = {}): Promise<string> {
  const id = await versions.save({ weights: new Map([["w", Float32Array.of(value)]]) });
  await versions.promote(id, { source: `job-${value}`, benchmark });
  return id;
}

/** An outbox that takes `room` records. */
class Collected {
  readonly records: VersionRecord[] = [];
  room = Number.POSITIVE_INFINITY;

  async add(record: object): Promise<void> {
    if (this.records.length >= this.room) throw new Error("no room");
    this.records.push(record as VersionRecord);
  }

  /** `promotion of <id>`, `challenger <id>`. */
  get told(): string[] {
    return this.records.map((each) =>
      each.kind === "champion"
        ? `${each.change} of ${each.version_id}`
        : `challenger ${each.version_id}`,
    );
  }
}

async function follow(parts: {
  spool: MemoryStore;
  outbox: Collected;
  learner?: Pick<OnlineLearner, "events" | "status">;
}): Promise<unknown[]> {
  const failures: unknown[] = [];
  const onFailure = (error: unknown) => failures.push(error);
  const standard = { learner: standing(), modelId: "signal", storagePath: folder, onFailure };
  const following = await registerVersions({ ...standard, ...parts });
  await following.close();
  return failures;
}

describe("registerVersions", () => {
  it("tells of each change once, also of those that nobody followed", async () => {
    const parts = { spool: new MemoryStore(), outbox: new Collected() };
    await follow(parts);
    expect(parts.outbox.told).toEqual([]); // nothing has been promoted
    const [a, b] = [await promote(1), await promote(2, { lossAfter: 0.5 })];
    await versions.rollback(a);
    await follow(parts);
    const expected = [`promotion of ${a}`, `promotion of ${b}`, `rollback of ${a}`];
    expect(parts.outbox.told).toEqual(expected);
    await follow(parts);
    expect(parts.outbox.told).toEqual(expected);
    const c = await promote(3, { lossAfter: 0.25, drawdown: 0 });
    await follow({ ...parts, learner: standing(a) });
    expect(parts.outbox.told).toEqual([...expected, `promotion of ${c}`, `challenger ${a}`]);
    expect(parts.outbox.records[3]).toMatchObject({
      reason: "promoted by job-3",
      source: "job-3",
      params: { seed: "0", parent: a },
      metrics: { lossAfter: 0.25, drawdown: 0 },
    });
    await follow(parts);
    expect(parts.outbox.told.at(-1)).toBe("challenger null");
  });

  it("tells what events say of the training, and nothing of what came before", async () => {
    const parts = { spool: new MemoryStore(), outbox: new Collected() };
    await promote(1);
    const id = await promote(2);
    const trainedOn = { from: new Date(0), to: new Date(5) };
    const learner = standing(undefined, [
      { type: "update-started", reason: "drift", samples: 70, replayed: 7, trainedOn },
      { type: "promoted", versionId: id, reason: "better", measurements: { up: Infinity } },
    ]);
    parts.outbox.room = 0; // so that it is told of once the events have been heard
    const following = await registerVersions({
      ...parts,
      learner,
      modelId: "signal",
      storagePath: folder,
      params: { lr: 0.1 },
    });
    parts.outbox.room = 9;
    await following.close();
    const [first, second] = parts.outbox.records;
    expect(first).toMatchObject({ reason: "promoted by job-1", metrics: {} });
    expect(second).toMatchObject({
      reason: "better",
      metrics: { up: "Infinity" },
      params: {
        lr: "0.1",
        update_reason: "drift",
        training_samples: "70",
        replayed_samples: "7",
        trained_from: "1970-01-01T00:00:00.000Z",
        trained_to: "1970-01-01T00:00:00.005Z",
      },
    });
    expect(first).not.toHaveProperty("params.update_reason");
  });

  it("tries again what found no room", async () => {
    const parts = { spool: new MemoryStore(), outbox: new Collected() };
    const ids = [await promote(1), await promote(2), await promote(3)];
    parts.outbox.room = 1;
    expect((await follow(parts)).map(String)).toContain("Error: no room");
    parts.outbox.room = 9;
    await follow(parts);
    expect(parts.outbox.told).toEqual(ids.map((id) => `promotion of ${id}`));
  });

  it("keeps weights that the learner evicts before MLflow has them", async () => {
    const parts = { spool: new MemoryStore(), outbox: new Collected() };
    const first = await promote(1);
    await follow(parts);
    for (let value = 2; value < 8; value++) await promote(value);
    const kept = await versions.list();
    expect(kept.length).toBeLessThan(7);
    const failures = await follow(parts);
    expect(await parts.spool.read(`artifacts/signal/${first}`)).toBeDefined();
    // Those that were gone before anybody looked are told of, each once.
    const told = parts.outbox.records.length;
    expect(told + failures.length).toBe(7);
    expect(failures[0]).toMatchObject({ code: "VERSION_UNKNOWN" });
    expect(await follow(parts)).toEqual([]);
    expect(parts.outbox.records.length).toBe(told);
  });
});

/** A registry in memory: the calls as they came, and where the champion is. */
class Registry {
  readonly calls: string[] = [];
  readonly registered = new Map<string, VersionFacts>();
  champion = "";
  challenger: string | undefined;
  isAway = false;

  async find(_: string, versionId: string): Promise<RegisteredVersion | undefined> {
    if (this.isAway) throw new Error("away");
    return this.registered.has(versionId) ? this.#version(versionId) : undefined;
  }

  async register(_: string, versionId: string, facts: VersionFacts): Promise<RegisteredVersion> {
    if (this.isAway) throw new Error("away");
    if (!this.registered.has(versionId)) this.calls.push(`register ${versionId}`);
    this.registered.set(versionId, facts);
    return this.#version(versionId);
  }

  async promote(_: string, versionId: string): Promise<void> {
    this.champion = versionId;
  }

  async rollback(_: string, versionId: string, reason?: string): Promise<void> {
    this.calls.push(`rollback ${versionId}: ${reason}`);
    this.champion = versionId;
  }

  async challenge(_: string, versionId: string | undefined): Promise<void> {
    this.challenger = versionId;
  }

  #version(versionId: string): RegisteredVersion {
    return { versionId, version: "1", runId: "r" };
  }
}

describe("deliverVersions", () => {
  async function delivered() {
    const parts = { spool: new MemoryStore(), outbox: new Collected() };
    const [a, b] = [await promote(1), await promote(2, { lossAfter: 0.5 })];
    await versions.rollback(a);
    await follow({ ...parts, learner: standing(b) });
    const passedOver: Error[] = [];
    const registry = new Registry();
    const { spool } = parts;
    const onPassedOver = (error: Error) => passedOver.push(error);
    const deliver = deliverVersions({ registry, spool, onPassedOver });
    return { a, b, registry, spool, deliver, passedOver, records: parts.outbox.records };
  }

  it("registers each version once and ends at the last alias, however often", async () => {
    const { a, b, registry, spool, deliver, passedOver, records } = await delivered();
    for (const _ of ["once", "twice"]) {
      await deliver(records);
      expect([registry.champion, registry.challenger]).toEqual([a, b]);
      expect(await spool.list("artifacts/")).toEqual([]);
    }
    expect(registry.calls.filter((call) => call.startsWith("register"))).toEqual([
      `register ${a}`,
      `register ${b}`,
    ]);
    expect(registry.calls).toContain(`rollback ${a}: rolled back from ${b}`);
    expect(passedOver).toEqual([]);
  });

  it("keeps the weights while the registry is away", async () => {
    const { registry, spool, deliver, records } = await delivered();
    registry.isAway = true;
    await expect(deliver(records)).rejects.toThrow("away");
    expect((await spool.list("artifacts/")).length).toBe(2);
  });

  it("passes over what can never be delivered, and says so", async () => {
    const { a, registry, spool, deliver, passedOver, records } = await delivered();
    for (const key of await spool.list("artifacts/")) await spool.remove(key);
    await deliver([{ kind: "other" }, records[0]!]);
    expect(passedOver.map(({ message }) => message)).toEqual([
      expect.stringContaining("something else"),
      expect.stringContaining(`the weights of ${a} of signal`),
    ]);
    expect(registry.champion).toBe("");
  });

  it("brings numbers that JSON does not have", async () => {
    const { registry, deliver, records } = await delivered();
    const odd = { ...records[0]!, metrics: { bad: "NaN", low: "-Infinity", fine: -0.5 } };
    await deliver([odd]);
    const [facts] = registry.registered.values();
    expect(facts?.metrics).toEqual({ bad: Number.NaN, low: Number.NEGATIVE_INFINITY, fine: -0.5 });
  });
});
