// The outbox: records reach a partner in order, whatever happens to it, the disk or the process.

import { setImmediate } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { FileStore, MemoryStore, type Store } from "../../src/index.ts";
import { Outbox, type OutboxOptions } from "../../src/integrations/outbox/index.ts";
import { FaultyDisk } from "../../src/testing/faulty-disk.ts";

/** A partner that takes what it is given, unless it is away. */
class Partner {
  readonly got: object[] = [];
  isAway = false;
  calls = 0;
  #returned: (() => void)[] = [];

  readonly deliver = async (batch: readonly object[]): Promise<void> => {
    this.calls += 1;
    for (const told of this.#returned.splice(0)) told();
    if (this.isAway) throw new Error("away");
    this.got.push(...batch);
  };

  /** Resolves at the next attempt. */
  called(): Promise<void> {
    return new Promise((resolve) => this.#returned.push(resolve));
  }
}

const quick = { firstPauseMs: 1, longestPauseMs: 4 };

const open = (store: Store, partner: Partner, more: Partial<OutboxOptions> = {}) =>
  Outbox.open({ store, deliver: partner.deliver, ...quick, ...more });

const numbered = (count: number, from = 0) =>
  Array.from({ length: count }, (_, index) => ({ id: from + index }));

async function addAll(outbox: Outbox, records: readonly object[]): Promise<void> {
  await Promise.all(records.map((record) => outbox.add(record)));
}

/** A store that outlives its outbox. */
function lasting(): MemoryStore {
  return Object.assign(new MemoryStore(), { close: async () => {} });
}

describe("an outbox", () => {
  it("delivers in order, in batches, and forgets what was taken", async () => {
    const partner = new Partner();
    const store = lasting();
    const outbox = await open(store, partner, { batchSize: 10 });
    await addAll(outbox, numbered(95));
    await outbox.drained();
    expect(partner.got).toEqual(numbered(95));
    expect(outbox.status()).toMatchObject({ waiting: 0, delivered: 95, failures: 0 });
    await outbox.close();
    const again = new Partner();
    const next = await open(store, again);
    await next.drained();
    expect(again.got).toEqual([]);
    await next.close();
  });

  it("tries again until the partner is back, and says since when it is away", async () => {
    const partner = new Partner();
    partner.isAway = true;
    const failures: unknown[] = [];
    const now = () => 1_700_000_000_000;
    const onFailure = (error: unknown) => failures.push(error);
    const outbox = await open(lasting(), partner, { now, onFailure });
    await addAll(outbox, numbered(3));
    while (partner.calls < 4) await partner.called();
    const since = new Date(now());
    expect(outbox.status()).toMatchObject({ waiting: 3, outage: { since, message: "away" } });
    expect(failures.length).toBeGreaterThanOrEqual(3);
    await outbox.add({ id: 3 });
    partner.isAway = false;
    await outbox.drained();
    expect(partner.got).toEqual(numbered(4));
    expect(outbox.status().outage).toBeUndefined();
    await outbox.close();
  });

  it("goes on after a restart with what the partner did not get", async () => {
    const store = lasting();
    const away = new Partner();
    away.isAway = true;
    const outbox = await open(store, away);
    await addAll(outbox, numbered(5));
    await outbox.close();
    expect(await outbox.add({}).catch((error) => error.code)).toBe("STORE_CLOSED");
    const partner = new Partner();
    const next = await open(store, partner);
    await next.add({ id: 5 });
    await next.drained();
    expect(partner.got).toEqual(numbered(6));
    await next.close();
  });

  it("takes up to its capacity and refuses one more, dropping none", async () => {
    const partner = new Partner();
    partner.isAway = true;
    const outbox = await open(lasting(), partner, { capacity: 4 });
    const ends = await Promise.allSettled(numbered(6).map((record) => outbox.add(record)));
    const refusals = ends.filter((end) => end.status === "rejected");
    expect(refusals.map(({ reason }) => reason.code)).toEqual(["OUTBOX_FULL", "OUTBOX_FULL"]);
    expect(outbox.status()).toMatchObject({ waiting: 4, capacity: 4, refused: 2 });
    partner.isAway = false;
    await outbox.drained();
    expect(partner.got).toEqual(numbered(4));
    await outbox.add({ id: 9 });
    await outbox.close();
  });

  it("delivers nothing any more once somebody else may", async () => {
    const partner = new Partner();
    let isMine = true;
    const store = lasting();
    const outbox = await open(store, partner, { mayDeliver: async () => isMine });
    await outbox.add({ id: 0 });
    await outbox.drained();
    isMine = false;
    await outbox.add({ id: 1 });
    await outbox.drained();
    expect(partner.got).toEqual(numbered(1));
    expect(outbox.status().waiting).toBe(1);
    await outbox.close();
  });

  it("refuses an altered note of what was delivered", async () => {
    const store = lasting();
    await store.write("acknowledged", new TextEncoder().encode("{}\n"));
    const opened = open(store, new Partner());
    await expect(opened).rejects.toMatchObject({ code: "FILE_CORRUPT" });
  });

  for (const [name, value] of Object.entries({ capacity: 0, batchSize: 0, firstPauseMs: -1 })) {
    it(`refuses ${name} ${value}`, async () => {
      const opened = open(lasting(), new Partner(), { [name]: value });
      await expect(opened).rejects.toMatchObject({ code: "OPTION_INVALID" });
    });
  }
});

describe("an outbox on a disk that fails", () => {
  const on = (disk: FaultyDisk) =>
    FileStore.open({ storagePath: "/data/outbox", disk, lockHost: disk.lockHost });

  async function run(disk: FaultyDisk, partner: Partner, kept: object[]): Promise<void> {
    const deliver = async (batch: readonly object[]) => {
      if (disk.isDead) throw new Error("dead"); // a dead process sends nothing
      await partner.deliver(batch);
    };
    const store = await on(disk);
    const outbox = await Outbox.open({ store, deliver, batchSize: 3, ...quick });
    try {
      for (const record of numbered(12)) {
        await outbox.add(record);
        kept.push(record);
      }
      while (outbox.status().waiting > 0 && !disk.isDead) await setImmediate();
    } finally {
      await outbox.close();
    }
  }

  it("loses nothing that it kept and delivers in order after a crash at any point", async () => {
    const whole = new FaultyDisk();
    await run(whole, new Partner(), []);
    expect(whole.points).toBeGreaterThan(50);
    for (let point = 0; point < whole.points; point += 2) {
      const disk = new FaultyDisk();
      disk.crashAt(point, point % 4 === 0 ? "lost" : "torn");
      const partner = new Partner();
      const kept: object[] = [];
      await run(disk, partner, kept).catch(() => {});
      const next = await open(await on(disk.restart()), partner);
      await next.drained();
      await next.close();
      const ids = [...new Set(partner.got.map((record) => (record as { id: number }).id))];
      expect(ids).toEqual(numbered(ids.length).map(({ id }) => id));
      expect(ids.length).toBeGreaterThanOrEqual(kept.length);
    }
  }, 60_000);
});
