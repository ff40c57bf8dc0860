// PostgreSQL stopped for a while: what is sent meanwhile arrives later, once and in order.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FileStore, type Sample } from "../../../src/index.ts";
import { Outbox } from "../../../src/integrations/outbox/index.ts";
import {
  DatabaseOnDemand,
  deliverRows,
  ForwardedSampleStore,
  metricsForOutbox,
  PostgresMetricsStore,
  PostgresSampleStore,
} from "../../../src/integrations/timescale/index.ts";
import type { PostgresServer } from "../postgres-server.ts";
import { until } from "../prometheus-server.ts";
import { check, checkRefused, checkSame } from "./report.ts";

const MODEL = "forwarded";

const sampleAt = (timeMs: number): Sample => ({
  input: Float32Array.of(timeMs),
  label: Float32Array.of(-0),
  timestamp: new Date(timeMs),
});

/** Everything on one folder and one address. */
async function open(folder: string, url: string) {
  const database = new DatabaseOnDemand({ url, schema: "outage", connectTimeoutMs: 2000 });
  const passedOver: Error[] = [];
  const outbox = await Outbox.open({
    store: await FileStore.open({ storagePath: folder }),
    deliver: deliverRows({ database, onPassedOver: (error) => passedOver.push(error) }),
    firstPauseMs: 20,
    longestPauseMs: 200,
    batchSize: 7,
  });
  const store = new ForwardedSampleStore({ database, outbox, modelId: MODEL, catchUpMs: 300 });
  const close = async () => {
    await store.close();
    await outbox.close();
    await database.close();
  };
  return { database, outbox, store, passedOver, close };
}

/** Through a stop, a start, and another process that goes on with the outbox. */
export async function checkOutage(server: PostgresServer): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "driftkeel-outage-"));
  try {
    const first = await open(folder, server.url());
    await first.store.append([sampleAt(1), sampleAt(2)]);
    checkSame("what was appended is read", await first.store.count(), 2);
    await server.stop();
    for (let timeMs = 3; timeMs <= 100; timeMs++) await first.store.append([sampleAt(timeMs)]);
    await first.outbox.add(metricsForOutbox([{ time: 5, modelId: MODEL, name: "loss", value: 1 }]));
    const { outage, waiting } = await until("the outage shows", 20_000, async () => {
      const now = first.outbox.status();
      return now.outage ? now : undefined;
    });
    check(`appending goes on, ${waiting} records wait: ${outage?.message}`, waiting === 99);
    await checkRefused("reading says that it is away", "FILE_FAILED", /nothing listens there/, () =>
      first.store.count(),
    );
    await first.close();
    const second = await open(folder, server.url());
    await second.store.append([sampleAt(101)]);
    await server.start();
    await second.outbox.drained();
    const samples = await second.store.range(0, 1000);
    const times = samples.map(({ timestamp }) => timestamp?.getTime());
    checkSame(
      "all of it arrives, in order and once",
      times,
      Array.from({ length: 101 }, (_, index) => index + 1),
    );
    check(
      "bit for bit",
      samples.every(({ label }) => Object.is(label[0], -0)),
    );
    const database = await second.database.get();
    const metrics = new PostgresMetricsStore({ database });
    const window = { modelId: MODEL, name: "loss", start: 0, end: 1000 };
    checkSame("metrics too", (await metrics.range(window)).length, 1);
    await checkTwice(new PostgresSampleStore({ database, modelId: MODEL }));
    checkSame("nothing was passed over", second.passedOver.map(String), []);
    await second.close();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A batch that is sent again because nobody knows whether it arrived. */
async function checkTwice(store: PostgresSampleStore): Promise<void> {
  const before = await store.count();
  const delivery = { sender: "somebody", sequence: 1 };
  const send = (sequence: number) => store.appendOnce([sampleAt(200)], { ...delivery, sequence });
  checkSame(
    "a batch that comes twice is kept once",
    [await send(1), await send(1), await send(2), await send(1)],
    [true, false, true, false],
  );
  checkSame("and counted once", await store.count(), before + 2);
}
