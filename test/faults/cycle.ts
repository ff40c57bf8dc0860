// One full cycle of everything that is stored, with a record of what was acknowledged, and the
// check that a disk holds all of it.

import { expect } from "vitest";
import { FeedbackCollector } from "../../src/pipeline/feedback/feedback-collector.ts";
import type { FeedbackSignal } from "../../src/pipeline/feedback/feedback-signal.ts";
import { AuditLog } from "../../src/store/audit-log.ts";
import { RollbackManager } from "../../src/store/rollback-manager.ts";
import { VersionStore } from "../../src/store/version-store.ts";
import type { FaultyDisk } from "../../src/testing/faulty-disk.ts";

/** What callers were told is safe, and what was asked for and may be there too. */
export class Ledger {
  /** The active version: the one acknowledged, and those whose promotion was asked for since. */
  active: (string | undefined)[] = [undefined];
  /** Weights of every version that was acknowledged. */
  readonly versions = new Map<string, number>();
  /** The value acknowledged, and those asked for since; undefined: there may be none. */
  readonly snapshots = new Map<string, (number | undefined)[]>();
  readonly audit: string[] = [];
  readonly asked = new Set<string>();
  readonly feedback: string[] = [];
  copy(): Ledger {
    const copy = new Ledger();
    copy.active = [...this.active];
    for (const [id, value] of this.versions) copy.versions.set(id, value);
    for (const [id, values] of this.snapshots) copy.snapshots.set(id, [...values]);
    copy.audit.push(...this.audit);
    copy.feedback.push(...this.feedback);
    for (const each of this.asked) copy.asked.add(each);
    return copy;
  }
}

const weightsOf = (value: number) =>
  new Map([
    ["dense.weight", Float32Array.of(value, -value, 0.5)],
    ["dense.bias", Float32Array.of(value)],
  ]);

const signalOf = (predictionId: string): FeedbackSignal => ({
  timestamp: new Date(1_700_000_000_000),
  predictionId,
  predicted: [0.25, 0.75],
  actual: [0, 1],
  score: 0.5,
});

/** Everything that is stored, open on one disk. */
export async function openAll(disk: FaultyDisk) {
  const on = { disk, lockHost: disk.lockHost };
  const now = () => 1_700_000_000_000;
  const path = "/data/store";
  const maxVersions = 2;
  const versions = await VersionStore.open({ ...on, now, storagePath: path, maxVersions });
  const audit = await AuditLog.open("/data/store/audit.jsonl", { ...on, now });
  const snapshots = await RollbackManager.open({ ...on, storagePath: "/data/snap", maxVersions });
  const feedback = await FeedbackCollector.open({
    ...on,
    storagePath: "/data/feedback",
    bufferSize: 3,
    flushIntervalMs: 1000,
  });
  return { versions, audit, snapshots, feedback };
}

type Everything = Awaited<ReturnType<typeof openAll>>;

async function keepFeedback({ feedback }: Everything, ledger: Ledger, tag: string): Promise<void> {
  const record = async (name: string, durable: boolean) => {
    ledger.asked.add(name);
    await feedback.record(signalOf(name), { durable });
    if (durable) ledger.feedback.push(name);
  };
  await record(`${tag}-a`, false);
  await record(`${tag}-b`, true);
  await Promise.all([record(`${tag}-c`, true), record(`${tag}-d`, true)]);
  await record(`${tag}-e`, true);
  await record(`${tag}-f`, false);
  const flushed = await feedback.flush();
  for (const { predictionId } of flushed) {
    if (!ledger.feedback.includes(predictionId)) ledger.feedback.push(predictionId);
  }
}

async function keepEvent({ audit }: Everything, ledger: Ledger, outcome: string): Promise<void> {
  ledger.asked.add(outcome);
  await audit.log({ eventType: "update", outcome, details: { "a b": [1, "ü"] } });
  ledger.audit.push(outcome);
}

async function keepVersion(all: Everything, ledger: Ledger, value: number): Promise<void> {
  const { versions } = all;
  const parts = new Map([["ewc.bin", Uint8Array.of(value, 1, 2)]]);
  const id = await versions.save({ weights: weightsOf(value), parts });
  ledger.versions.set(id, value);
  await keepEvent(all, ledger, `saved ${value}`);
  ledger.active.push(id);
  await versions.promote(id, { source: "learner", benchmark: { reward: value } });
  ledger.active = [id];
  await keepEvent(all, ledger, `promoted ${value}`);
  await versions.prune();
}

async function keepSnapshot({ snapshots }: Everything, ledger: Ledger, id: string, value: number) {
  const before = ledger.snapshots.get(id) ?? [undefined];
  ledger.snapshots.set(id, [...before, value]);
  await snapshots.snapshot(id, weightsOf(value));
  ledger.snapshots.set(id, [value]);
  await snapshots.pin({ active: id });
}

/** The cycle: feedback, a version saved and promoted, events, eviction, a rollback, the end. */
export async function runCycle(disk: FaultyDisk, ledger: Ledger, value: number): Promise<void> {
  const all = await openAll(disk);
  await keepFeedback(all, ledger, `feedback-${value}`);
  await keepVersion(all, ledger, value);
  await keepSnapshot(all, ledger, "s", value);
  const prior = (await all.versions.getCurrent())?.priorId;
  if (prior !== undefined) {
    ledger.active.push(prior);
    await all.versions.rollback(prior);
    ledger.active = [prior];
    await Promise.all([
      keepEvent(all, ledger, `back from ${value}`),
      keepEvent(all, ledger, `calm after ${value}`),
    ]);
  }
  await all.feedback.close();
  await all.audit.close();
  await all.snapshots.close();
  await all.versions.close();
}

/** Whether everything acknowledged is on the disk, and nothing that nobody asked for. */
export async function checkDisk(disk: FaultyDisk, ledger: Ledger): Promise<void> {
  const all = await openAll(disk);
  const current = await all.versions.getCurrent();
  expect(ledger.active).toContain(current?.activeId);
  expect(await all.versions.listDamaged()).toEqual([]);
  for (const { id } of await all.versions.list()) {
    const { weights, state } = await all.versions.read(id);
    const value = weights.get("dense.bias")?.[0] as number;
    if (ledger.versions.has(id)) expect(value).toBe(ledger.versions.get(id));
    expect(weights).toEqual(weightsOf(value));
    expect(state.get("ewc.bin")).toEqual(Uint8Array.of(value, 1, 2));
  }
  const kept = current ? [current.activeId, current.priorId, current.anchorId] : [];
  for (const id of kept) if (id !== undefined) await all.versions.read(id);

  expect(await all.audit.verify()).toMatchObject({ intact: true });
  const outcomes = (await all.audit.readAll()).map(({ outcome }) => outcome);
  expect(new Set(outcomes).size).toBe(outcomes.length);
  expect(outcomes.filter((each) => !ledger.asked.has(each))).toEqual([]);
  expect(ledger.audit.filter((each) => !outcomes.includes(each))).toEqual([]);

  const signals = (await all.feedback.readAll()).map(({ predictionId }) => predictionId);
  expect(new Set(signals).size).toBe(signals.length);
  expect(signals.filter((each) => !ledger.asked.has(each))).toEqual([]);
  expect(ledger.feedback.filter((each) => !signals.includes(each))).toEqual([]);

  expect(all.snapshots.listDamaged()).toEqual([]);
  for (const [id, values] of ledger.snapshots) {
    const isThere = all.snapshots.listSnapshots().includes(id);
    const weights = isThere ? await all.snapshots.rollback(id) : undefined;
    expect(values).toContain(weights?.get("dense.bias")?.[0]);
  }
  for (const each of [all.feedback, all.audit, all.snapshots, all.versions]) await each.close();
}
