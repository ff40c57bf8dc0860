// `driftkeel worker` without a broker: what it refuses; and what `doctor` tells of outboxes.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FileStore } from "../../src/index.ts";
import { Outbox } from "../../src/integrations/outbox/index.ts";
import { run, runJson } from "./command-line.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "driftkeel-worker-command-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const model = {
  network: { input_size: 1, layers: [{ name: "output", size: 1 }] },
  update: { lr: 0.01 },
};

/** Runs the command on a configuration file. */
function work(config: object) {
  const path = join(folder, "driftkeel.json");
  writeFileSync(path, JSON.stringify(config));
  return run(["worker", "--config", path, "--base-dir", folder]);
}

describe("driftkeel worker", () => {
  it("refuses a file without Kafka, or with wrong brokers or models", async () => {
    const kafka = { brokers: ["127.0.0.1:1"] };
    const wrongs: [object, string][] = [
      [{ models: { model } }, '"kafka"'],
      [{ models: { model }, kafka: { brokers: ["nowhere"] } }, "kafka.brokers"],
      [{ models: { model: { ...model, update: { lr: 0.01, rank: 2 } } }, kafka }, "rank and alpha"],
    ];
    for (const [config, word] of wrongs) {
      const { exitCode, stderr } = await work(config);
      expect(exitCode).toBe(2);
      expect(stderr).toContain(word);
    }
  });
});

describe("driftkeel doctor", () => {
  it("tells of events that wait for a partner, of the service and of models", async () => {
    for (const [path, count] of [
      [".outbox/kafka", 3],
      ["signal/epoch-4/.outbox", 2],
      [".outbox/mlflow", 0],
    ] as const) {
      const store = await FileStore.open({ storagePath: join(folder, path) });
      const deliver = async () => {
        throw new Error("away");
      };
      const outbox = await Outbox.open({ store, deliver });
      for (let each = 0; each < count; each++) await outbox.add({ each });
      await outbox.close();
    }
    const { record, exitCode } = await runJson(["doctor", "--base-dir", folder]);
    expect(exitCode).toBe(0);
    expect(record.outboxes).toEqual([
      { path: ".outbox/kafka", waiting: 3 },
      { path: "signal/epoch-4/.outbox", waiting: 2 },
    ]);
    const { stdout } = await run(["doctor", "--base-dir", folder]);
    expect(stdout).toContain(".outbox/kafka: events that wait for a partner: 3");
  });
});
