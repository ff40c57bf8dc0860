// `driftkeel run`: cycles that end in every way, what they leave, and what a dry run does not.

import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { VersionStore } from "../../src/store/version-store.ts";
import { fileWith, signal } from "../config/config-file.ts";
import { contentOf, run, runJson } from "./command-line.ts";
import { ModelBase } from "./model-base.ts";
import { lines } from "./sample-lines.ts";

let base: ModelBase;
let config: string;
let samples: string;
beforeEach(() => {
  base = new ModelBase();
  config = join(base.path, "driftkeel.json");
  samples = join(base.path, "samples.jsonl");
  configure({});
});
afterEach(() => base.remove());

const data = () => join(base.path, "data");
const args = (...more: string[]) => ["run", "--config", config, "--base-dir", data(), ...more];
const cycle = (...more: string[]) => runJson(args("--samples", samples, ...more));

function configure(more: object): void {
  const few = { min_samples: 20, min_holdout: 5, durable_samples: false };
  writeFileSync(config, fileWith({ ...few, ...more }));
}

function writeSamples(...parts: string[][]): void {
  writeFileSync(samples, `${parts.flat().join("\n")}\n`);
}

describe("a cycle", () => {
  it("that promotes exits with 0 and tells what was observed, measured and changed", async () => {
    writeSamples(lines(100, 0));
    const { exitCode, record, stderr } = await cycle();
    expect(exitCode).toBe(0);
    expect(record).toMatchObject({
      model_id: "signal",
      dry_run: false,
      outcome: "promoted",
      samples: 100,
      drift_alerts: 0,
      updates: { promoted: 1, rejected: 0, skipped: 0, failed: 0 },
      rollbacks: 0,
      last_update: { outcome: "promoted", version_id: record.version },
    });
    expect(record.samples_training + record.samples_holdout).toBe(100);
    expect(record.mean_loss).toBeGreaterThan(0);
    const { lossBefore, lossAfter } = record.last_update.measurements;
    expect(lossAfter).toBeLessThan(lossBefore);
    expect(record.version).not.toBe(record.version_before);
    expect(stderr).toBe("signal: no update so far: asking for one\n");
    const status = await runJson(["status", "--base-dir", data()]);
    expect(status.record.models[0].active_version).toBe(record.version);
  });

  it("shows the same as text, and nothing with --quiet", async () => {
    writeSamples(lines(100, 0));
    const { stdout } = await run(args("--samples", samples));
    for (const text of [
      "outcome    promoted",
      "samples    100 (",
      "updates    1 promoted",
      " -> ",
    ]) {
      expect(stdout).toContain(text);
    }
    const quiet = await run(args("--samples", samples, "--quiet"));
    expect({ ...quiet, exitCode: 0 }).toEqual({ exitCode: 0, stdout: "", stderr: "" });
  });

  it("sees drift, and updates on the way instead of at the end", async () => {
    configure({
      detector: { name: "page-hinkley", threshold: 2, delta: 0.01 },
      trigger: { name: "scheduled", interval: 100 },
    });
    writeSamples(lines(150, 0), lines(150, 3));
    const { exitCode, record, stderr } = await cycle();
    expect(exitCode).toBe(0);
    expect(record.drift_alerts).toBeGreaterThan(0);
    expect(record.updates.promoted).toBeGreaterThan(1);
    expect(stderr).toMatch(/signal: line 15\d: drift, loss /);
    expect(stderr).toMatch(/signal: line \d+: update promoted: /);
    expect(stderr).not.toContain("asking for one");
  });

  it("goes on where the last one ended: few samples twice are enough", async () => {
    writeSamples(lines(15, 0));
    const first = await cycle();
    expect(first).toMatchObject({ exitCode: 3, record: { outcome: "skipped" } });
    expect(first.record.last_update.reason).toMatch(/\d+ training samples, 20 are needed/);
    writeSamples(lines(60, 0).slice(15));
    expect(await cycle()).toMatchObject({ exitCode: 0, record: { samples: 45 } });
  });

  it("without samples asks for an update only", async () => {
    const { exitCode, record } = await runJson(args());
    expect(exitCode).toBe(3);
    expect(record).toMatchObject({ samples: 0, mean_loss: null, outcome: "skipped" });
  });

  it("that promoted once ended so, whatever was rejected after", async () => {
    const trigger = { name: "scheduled", interval: 50 };
    configure({ trigger, validators: { max_loss_delta: -0.3 } });
    writeSamples(lines(300, 1));
    const { exitCode, record } = await cycle();
    expect(exitCode).toBe(0);
    expect(record).toMatchObject({ outcome: "promoted", last_update: { outcome: "promoted" } });
    expect(record.updates.rejected).toBeGreaterThan(0);
  });

  it("that was rejected is not called skipped because later updates were held off", async () => {
    const trigger = { name: "scheduled", interval: 50 };
    configure({ trigger, validators: { max_loss_delta: -1000 }, min_new_samples: 60 });
    writeSamples(lines(170, 0));
    const { exitCode, record } = await cycle();
    expect(record.updates).toMatchObject({ rejected: 1, promoted: 0, failed: 0 });
    expect(record.updates.skipped).toBeGreaterThan(0);
    expect(exitCode).toBe(4);
    expect(record.last_update.outcome).toBe("rejected");
  });

  it("that is interrupted stops between two samples, and exits with 5", async () => {
    writeSamples(lines(100, 0));
    const before = process.listenerCount("SIGINT");
    const running = run(args("--samples", samples));
    while (process.listenerCount("SIGINT") === before) await new Promise(setImmediate);
    const [interrupt] = process.rawListeners("SIGINT").slice(-1);
    interrupt!("SIGINT");
    const { exitCode, stderr } = await running;
    expect(exitCode).toBe(5);
    expect(stderr).toMatch(/Interrupted before line \d+ of .*\(UPDATE_CANCELLED\)/);
    expect(process.listenerCount("SIGINT")).toBe(before);
    expect((await cycle()).exitCode).toBe(0);
  });

  it("whose candidate is not better enough exits with 4", async () => {
    configure({ validators: { max_loss_delta: -1000 } });
    writeSamples(lines(100, 0));
    const { exitCode, record } = await cycle();
    expect(exitCode).toBe(4);
    expect(record).toMatchObject({ outcome: "rejected", version: record.version_before });
  });

  it("whose training diverges exits with 5, and the version that served goes on", async () => {
    configure({ update: { lr: 1e38, optimizer: "sgd", max_steps: 50 } });
    writeSamples(lines(100, 0));
    const { exitCode, record } = await cycle();
    expect(exitCode).toBe(5);
    expect(record).toMatchObject({ outcome: "failed", version: record.version_before });
  });

  it("that rolls back what the last one promoted exits with 6", async () => {
    configure({ update: { ...signal.update, max_steps: 400 } });
    writeSamples(lines(100, 20));
    const lie = await cycle();
    expect(lie.exitCode).toBe(0);
    writeSamples(lines(100, 0));
    const { exitCode, record, stderr } = await cycle();
    expect(exitCode).toBe(6);
    expect(record).toMatchObject({
      outcome: "rolled_back",
      rollbacks: 1,
      version_before: lie.record.version,
      version: lie.record.version_before,
      last_update: { outcome: "skipped", reason: expect.stringContaining("frozen") },
    });
    expect(stderr).toMatch(/line \d+: rolled back: worse than the version before/);
  });

  it("exits with 7 while a process has the folder", async () => {
    writeSamples(lines(100, 0));
    await cycle();
    const holder = await VersionStore.open({ storagePath: join(data(), "signal") });
    for (const more of [[], ["--dry-run"]]) {
      const { exitCode, stderr } = await run(args("--samples", samples, ...more));
      expect(exitCode).toBe(7);
      expect(stderr).toContain(`process ${process.pid}`);
    }
    await holder.close();
  });
});

describe("a dry run", () => {
  it("does all of a cycle and changes nothing in the folder", async () => {
    writeSamples(lines(100, 0));
    await cycle();
    writeSamples(lines(100, 2));
    const before = contentOf(base.path);
    const copies = () => readdirSync(tmpdir()).filter((name) => name.includes("driftkeel-dry-run"));
    const others = copies();
    const { exitCode, record } = await cycle("--dry-run");
    expect(exitCode).toBe(0);
    expect(record).toMatchObject({ dry_run: true, outcome: "promoted" });
    expect(contentOf(base.path)).toEqual(before);
    expect(copies()).toEqual(others);
    // The same cycle for real measures the same.
    const real = await cycle();
    expect(real.record.last_update.measurements).toEqual(record.last_update.measurements);
  });

  it("of a model that has never run leaves no folder", async () => {
    writeSamples(lines(100, 0));
    const { exitCode } = await cycle("--dry-run");
    expect(exitCode).toBe(0);
    expect(readdirSync(base.path).sort()).toEqual(["driftkeel.json", "samples.jsonl"]);
  });
});

describe("a bad line", () => {
  const good = lines(10, 0);
  it.each([
    ['{"input": [1], "label": [1]', "not JSON"],
    ['{"input": [1]}', 'Expected member "label" to be an array'],
    ['{"input": ["1"], "label": [1]}', "input[0]"],
    ['{"input": [], "label": [1]}', "input"],
    [
      '{"input": [1], "label": [1], "wieght": 1}',
      'Unknown member "wieght"; did you mean "weight"?',
    ],
    ['{"input": [1], "label": [1], "weight": -1}', "weight"],
    ['{"input": [1], "label": [1], "timestamp": "soon"}', "timestamp"],
    ['{"input": [1, 2], "label": [1]}', "of length 1 (the model's input size), got 2"],
    ['{"input": [1e300], "label": [1]}', "finite"],
    ["7", "Expected the line to be an object, got 7."],
  ])("such as %s is named, and nothing after it is learned", async (line, reason) => {
    writeSamples(good, ["", line], lines(100, 0));
    const { exitCode, stdout, stderr } = await run(args("--samples", samples));
    expect({ exitCode, stdout }).toEqual({ exitCode: 5, stdout: "" });
    expect(stderr).toContain(`${samples}, line 12: `);
    expect(stderr).toContain(reason);
    expect(stderr).toContain("The 10 samples before it were learned, nothing after it");
    const log = readFileSync(join(data(), "signal", "audit.jsonl"), "utf8")
      .trimEnd()
      .split("\n");
    expect(JSON.parse(log.at(-1)!).details.observed).toBe(10);
  });

  it("is no line with what a sample may have", async () => {
    writeSamples([
      '{"input": [1], "label": [1], "weight": 2, "timestamp": "2026-11-20T00:00:00Z", "id": "a"}',
      '{"input": [1], "label": [1], "timestamp": 1700000000000}',
    ]);
    expect((await cycle()).record.samples).toBe(2);
  });
});

it("names the line of a loss that the detector cannot take", async () => {
  configure({ detector: { name: "ddm" } });
  writeSamples(lines(10, 0));
  const { exitCode, stderr } = await run(args("--samples", samples));
  expect(exitCode).toBe(5);
  // The first loss is 0, which is no error.
  expect(stderr).toContain(`${samples}, line 2: Expected value to be 0 (correct) or 1 (error)`);
});

describe("what cannot run", () => {
  it("is a configuration or a model that is not there, and exits with 2", async () => {
    writeSamples(lines(10, 0));
    const unknown = await run(args("--model", "signa"));
    expect(unknown.exitCode).toBe(2);
    expect(unknown.stderr).toContain('did you mean "signal"?');
    configure({ detektor: {} });
    const wrong = await run(args());
    expect(wrong.exitCode).toBe(2);
    expect(wrong.stderr).toContain('did you mean "detector"?');
    configure({ update: { lr: 1, rank: 3 } });
    expect((await run(args())).exitCode).toBe(2);
    rmSync(config);
    const absent = await run(args());
    expect(absent.exitCode).toBe(2);
    expect(absent.stderr).toContain("--config to be a file that can be read");
    expect(readdirSync(base.path)).toEqual(["samples.jsonl"]);
  });

  it("asks which model when the file declares several", async () => {
    writeFileSync(config, JSON.stringify({ models: { a: signal, b: signal } }));
    const { exitCode, stderr } = await run(args());
    expect(exitCode).toBe(2);
    expect(stderr).toContain("it declares a, b");
    expect((await run(args("--model", "b"))).exitCode).toBe(3);
    expect(readdirSync(data())).toEqual(["b"]);
  });

  it("is a file of samples that is not there, and exits with 5", async () => {
    const { exitCode, stderr } = await run(args("--samples", join(base.path, "absent.jsonl")));
    expect(exitCode).toBe(5);
    expect(stderr).toContain("(FILE_FAILED)");
  });
});
