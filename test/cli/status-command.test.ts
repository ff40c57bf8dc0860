// `driftkeel status`: what it tells of sound and damaged folders, beside a writer, without a trace.

import { spawnSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { OnlineLearner } from "../../src/pipeline/learner.ts";
import { NodeLockHost } from "../../src/store/lock-host.ts";
import { cycleOptions, stream } from "../faults/learner-cycle.ts";
import { contentOf, run, runJson } from "./command-line.ts";
import { ModelBase } from "./model-base.ts";

let base: ModelBase;
beforeEach(() => {
  base = new ModelBase();
});
afterEach(() => base.remove());

const status = (...more: string[]) => run(["status", ...base.flags, ...more]);
const statusOf = async (...more: string[]) => {
  const { exitCode, record } = await runJson(["status", ...base.flags, ...more]);
  return { exitCode, models: record.models };
};

describe("driftkeel status", () => {
  it("tells what is active, since when and why, what was before, and the last events", async () => {
    const [anchor, prior, active] = await base.addModel();
    await base.addEvents(5);
    const { exitCode, models } = await statusOf();
    expect(exitCode).toBe(0);
    expect(models).toHaveLength(1);
    expect(models[0]).toMatchObject({
      model_id: "signal",
      active_version: active,
      prior_version: prior,
      anchor_version: anchor,
      promotion_source: "test",
      promoted_at: "2026-11-20T12:30:51.000Z",
      benchmark: { lossAfter: 1 / 3 },
      pointer_damage: null,
      versions: 3,
      damaged: [],
      audit: { intact: true, events: 5, problem: null },
      writer: null,
    });
    expect(models[0].last_events.map(({ seq }: { seq: number }) => seq)).toEqual([2, 3, 4]);
    expect(models[0].size_bytes).toBeGreaterThan(2000);
    const { stdout } = await status();
    for (const text of [active!, prior!, anchor!, "by test", "intact, 5 events", "number 4"]) {
      expect(stdout).toContain(text);
    }
  });

  it("tells of every model, or of the one that is named", async () => {
    await base.addModel("b");
    await base.addModel("a");
    const ids = (models: { model_id: string }[]) => models.map(({ model_id }) => model_id);
    expect(ids((await statusOf()).models)).toEqual(["a", "b"]);
    expect(ids((await statusOf("--model", "b")).models)).toEqual(["b"]);
  });

  it("works beside a writer, names it, and changes nothing", async () => {
    await base.addModel();
    const writer = await base.open();
    const before = contentOf(base.path);
    const { models } = await statusOf();
    expect(models[0].writer).toMatchObject({ pid: process.pid, is_alive: true });
    expect((await status()).stdout).toContain(`process ${process.pid}, running`);
    expect(contentOf(base.path)).toEqual(before);
    await writer.close();
    expect((await statusOf()).models[0].writer).toBe(null);
  });

  it("tells a writer that is gone from one that runs", async () => {
    await base.addModel();
    const { pid } = spawnSync(process.execPath, ["--version"]);
    const owner = { ...new NodeLockHost().owner, pid };
    const lock = join(base.folder(), ".lock-0123456789abcdef");
    writeFileSync(lock, `${JSON.stringify(owner)}\nheld `);
    const { models } = await statusOf();
    expect(models[0].writer).toMatchObject({ pid, is_alive: false });
    expect((await status()).stdout).toContain("gone; the next writer takes over");
  });

  it("shows damaged versions, pointers and logs, and goes on", async () => {
    const [first] = await base.addModel();
    await base.addEvents(4);
    await base.addModel("whole");
    rmSync(join(base.folder(), "versions", first!, "model.safetensors"));
    writeFileSync(join(base.folder(), "current.json"), "{}\n");
    writeFileSync(join(base.folder(), "audit.jsonl"), "no event\n");
    const { exitCode, models } = await statusOf();
    expect(exitCode).toBe(0);
    expect(models[0]).toMatchObject({ active_version: null, versions: 2, last_events: [] });
    expect(models[0].pointer_damage).toContain("Expected current.json as it was written");
    expect(models[0].damaged).toMatchObject([{ version_id: first, code: "SNAPSHOT_CORRUPT" }]);
    expect(models[0].audit).toMatchObject({ intact: false, problem: { kind: "altered", line: 1 } });
    expect(models[1]).toMatchObject({ model_id: "whole", versions: 3 });
    expect((await status()).stdout).toContain("broken at line 1 (altered)");
  });

  it("shows a damaged record of the log's end", async () => {
    await base.addModel();
    await base.addEvents(1);
    writeFileSync(join(base.folder(), "audit.jsonl.head"), "gone\n");
    const { models } = await statusOf();
    expect(models[0].audit).toMatchObject({ intact: false, problem: { kind: "head" } });
  });

  it("finds nothing in an empty directory, and refuses one that is not there", async () => {
    expect(await status()).toMatchObject({ exitCode: 0, stdout: `No models in ${base.path}.\n` });
    const absent = await run(["status", "--base-dir", join(base.path, "absent")]);
    expect(absent).toMatchObject({ exitCode: 2, stdout: "" });
    expect(absent.stderr).toContain("got nothing at");
    writeFileSync(join(base.path, "file"), "");
    const file = await run(["status", "--base-dir", join(base.path, "file")]);
    expect(file).toMatchObject({ exitCode: 2 });
    expect(file.stderr).toContain("got a file at");
  });

  it("names the nearest model for one that is not there", async () => {
    await base.addModel();
    const { exitCode, stderr } = await status("--model", "signals");
    expect(exitCode).toBe(2);
    expect(stderr).toContain('got "signals"; did you mean "signal"?');
    expect((await status("--model", "../signal")).exitCode).toBe(2);
  });

  it("is coloured on a terminal only, fits into 80 columns, and is silent when asked", async () => {
    await base.addModel();
    await base.addEvents(3);
    const plain = await status();
    expect(plain.stdout).not.toContain("\u001b");
    const widths = plain.stdout.split("\n").map((line) => line.length);
    expect(Math.max(...widths)).toBeLessThanOrEqual(80);
    const shown = await run(["status", ...base.flags], { isTTY: true, columns: 80 });
    expect(shown.stdout).toContain("\u001b[");
    expect(await status("--quiet")).toEqual({ exitCode: 0, stdout: "", stderr: "" });
    const both = await runJson(["status", ...base.flags, "--quiet"]);
    expect(both.record.models).toHaveLength(1);
  });
});

describe("driftkeel status of a learner", () => {
  it("tells how updates stand", async () => {
    const storagePath = base.folder();
    const learner = await OnlineLearner.open(cycleOptions({ storagePath }));
    for (const sample of stream.slice(0, 5)) await learner.observe(sample);
    expect((await status()).stdout).toContain("as usual, ");
    await learner.freeze("positions are open");
    const held = { observed: 5, held: "positions are open", safe_mode: "normal" };
    expect((await statusOf()).models[0].learner).toEqual(held);
    expect((await status()).stdout).toContain("held off by an operator (positions are open)");
    await learner.close();
  });

  it("says nothing of it where no learner has been", async () => {
    await base.addModel();
    expect((await statusOf()).models[0].learner).toBeNull();
  });
});
