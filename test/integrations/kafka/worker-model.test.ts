// A model of a worker: signals once each, and an event for each end of an update.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { OutgoingMessage } from "../../../src/integrations/kafka/index.ts";
import { OwnedModels } from "../../../src/integrations/kafka/owned-models.ts";
import {
  findModelFolder,
  findWaiting,
  type Signal,
  WorkerModel,
} from "../../../src/integrations/kafka/worker-model.ts";
import { cycleOptions, stream, undisturbed } from "../../faults/learner-cycle.ts";

const SOURCE = "feedback/0";
const signals: Signal[] = stream.map((sample, offset) => ({
  source: SOURCE,
  offset,
  sample: { ...sample, timestamp: new Date(1_700_000_000_000 + offset) },
}));

let baseDir: string;
beforeEach(async () => {
  baseDir = await mkdtemp(join(tmpdir(), "driftkeel-worker-"));
});
afterEach(() => rm(baseDir, { recursive: true, force: true }));

/** Where messages go in place of a broker. */
class Topic {
  readonly messages: OutgoingMessage[] = [];
  isAway = false;

  async send(messages: readonly OutgoingMessage[]): Promise<void> {
    if (this.isAway) throw new Error("away");
    this.messages.push(...messages);
  }

  /** Ends of updates, without what came twice. */
  get outcomes(): string[] {
    const once = new Map(this.messages.map((each) => [each.headers.event_id, each]));
    return [...once.values()].map(({ value }) => JSON.parse(value).outcome);
  }
}

const configure = () => ({ options: cycleOptions({}), dispose: () => {} });

function shared(topic: Topic, failures: unknown[] = []) {
  return {
    baseDir,
    topic: "model_updates",
    outboxCapacity: 100,
    sender: topic,
    onFailure: (error: unknown) => failures.push(error),
  };
}

const open = (topic: Topic, failures: unknown[] = [], more: object = {}) =>
  WorkerModel.open({
    ...shared(topic, failures),
    modelId: "line",
    configure,
    source: SOURCE,
    startMs: 0,
    ...more,
  });

describe("a model of a worker", () => {
  it("passes over what its state has, also after it went to another owner", async () => {
    const topic = new Topic();
    const model = await open(topic);
    expect(await model.take(signals.slice(0, 20))).toEqual({ applied: 20, redelivered: 0 });
    expect(await model.take(signals.slice(10, 30))).toEqual({ applied: 10, redelivered: 10 });
    const next = await open(topic); // the owner before has not closed it
    expect([await model.isOwned(), await next.isOwned()]).toEqual([false, true]);
    await expect(model.take(signals.slice(30, 40))).rejects.toMatchObject({
      code: expect.stringMatching(/LOCKED|FAILED/),
    });
    expect(await next.take(signals.slice(0, 40))).toEqual({ applied: 10, redelivered: 30 });
    await model.close().catch(() => {});
    await next.close();
    expect(await findModelFolder(baseDir, "line")).toBe(join(baseDir, "line", "epoch-2"));
  });

  it("tells the end of every update once, handed over after every few signals", async () => {
    const { promotions, rollbacks } = await undisturbed();
    for (const every of [5, 96]) {
      await rm(join(baseDir, "line"), { recursive: true, force: true });
      const topic = new Topic();
      for (let to = every; to < signals.length + every; to += every) {
        const model = await open(topic);
        await model.take(signals.slice(0, to));
        await model.drain(5_000);
        await model.close();
      }
      expect(topic.outcomes.filter((each) => each === "promoted")).toHaveLength(promotions);
      expect(topic.outcomes.filter((each) => each === "rolled_back")).toHaveLength(rollbacks);
      expect(topic.outcomes.indexOf("promoted")).toBeLessThan(
        topic.outcomes.indexOf("rolled_back"),
      );
      const { key, value } = topic.messages[0]!;
      expect(key).toBe("line");
      expect(Date.parse(JSON.parse(value).timestamp)).toBeGreaterThan(1_699_999_999_999);
    }
  });

  it("leaves events that Kafka did not get to the next owner", async () => {
    const topic = new Topic();
    topic.isAway = true;
    const failures: Error[] = [];
    const model = await open(topic, failures);
    await model.take(signals);
    expect(model.waitingEvents).toBeGreaterThan(1);
    expect(failures.map(({ message }) => message)).toContain("away");
    expect(model.outage?.message).toBe("away");
    const { waitingEvents } = model;
    await model.close();
    expect(await findWaiting(baseDir, "line", new Set([SOURCE]))).toBe(SOURCE);
    expect(await findWaiting(baseDir, "line", new Set(["feedback/1"]))).toBeUndefined();
    expect(await findWaiting(baseDir, "other", new Set([SOURCE]))).toBeUndefined();
    topic.isAway = false;
    const models = new Map([["line", configure]]);
    const owned = new OwnedModels({ ...shared(topic), models, maxOpen: 10, nowMs: () => 0 });
    await owned.adopt(new Set([SOURCE]));
    await owned.drain(5_000);
    expect(topic.messages).toHaveLength(waitingEvents);
    await owned.closeAll();
    expect(await findWaiting(baseDir, "line", new Set([SOURCE]))).toBeUndefined();
  });

  it("goes on when its outbox is full, and says so", async () => {
    const topic = new Topic();
    topic.isAway = true;
    const failures: { code?: string }[] = [];
    const model = await open(topic, failures, { outboxCapacity: 1 });
    expect((await model.take(signals)).applied).toBe(signals.length);
    expect(model.refusedEvents).toBeGreaterThan(0);
    expect(failures.map(({ code }) => code)).toContain("OUTBOX_FULL");
    await model.close();
  });
});

describe("the models of a worker", () => {
  const ids = ["a", "b", "c"];
  const owned = (maxOpen: number) =>
    new OwnedModels({
      ...shared(new Topic()),
      models: new Map(ids.map((id) => [id, configure])),
      maxOpen,
      nowMs: () => 0,
    });
  const isCurrent = () => true;

  it("are at most so many at a time", async () => {
    const models = owned(2);
    for (const part of [signals.slice(0, 10), signals.slice(10, 20)]) {
      for (const id of ids) {
        const { taken, failure } = await models.take(id, part, isCurrent);
        expect([taken.applied, failure]).toEqual([10, undefined]);
        expect(models.status().models).toBeLessThanOrEqual(2);
      }
    }
    await models.closeAll();
    expect(models.status().models).toBe(0);
  });

  it("are claimed anew after another worker, and left alone when the turn is over", async () => {
    const [one, other] = [owned(10), owned(10)];
    await one.take("a", signals.slice(0, 10), isCurrent);
    await other.take("a", signals.slice(10, 20), isCurrent);
    const { taken, failure } = await one.take("a", signals.slice(0, 30), isCurrent);
    expect(taken).toEqual({ applied: 10, redelivered: 20 });
    expect(failure).toBeUndefined();
    const late = await other.take("a", signals.slice(20, 40), () => false);
    expect(late.failure).toBeInstanceOf(Error);
    expect(await findModelFolder(baseDir, "a")).toBe(join(baseDir, "a", "epoch-3"));
    await one.keepOnly(new Set([SOURCE]));
    await other.keepOnly(new Set([SOURCE]));
    expect([one.status().models, other.status().models]).toEqual([1, 0]);
    await one.keepOnly(new Set());
    expect(one.status().models).toBe(0);
    await Promise.all([one.closeAll(), other.closeAll()]);
  });

  it("count signals of a wrong shape and learn the others", async () => {
    const models = owned(10);
    const wrong = { ...signals[1]!, sample: { ...signals[1]!.sample, input: new Float32Array(7) } };
    const { taken, refused } = await models.take("a", [signals[0]!, wrong, signals[2]!], isCurrent);
    expect([taken.applied, refused]).toEqual([2, 1]);
    await models.closeAll();
  });
});
