// `driftkeel versions`: the list, and one version read whole.

import { rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { contentOf, run, runJson } from "./command-line.ts";
import { ModelBase } from "./model-base.ts";

let base: ModelBase;
beforeEach(() => {
  base = new ModelBase();
});
afterEach(() => base.remove());

const versions = (...args: string[]) => run(["versions", ...args, ...base.flags]);

describe("driftkeel versions list", () => {
  it("lists the newest first, with parents, sizes, marks and the benchmark", async () => {
    const [first, second, third] = await base.addModel();
    const before = contentOf(base.path);
    const { exitCode, record } = await runJson(["versions", "list", ...base.flags]);
    expect(exitCode).toBe(0);
    expect(record).toMatchObject({ model_id: "signal", pointer_damage: null, damaged: [] });
    expect(record.versions).toMatchObject([
      { version_id: third, parent: second, is_active: true, is_prior: false },
      { version_id: second, parent: first, is_prior: true, benchmark: null },
      { version_id: first, parent: null, is_anchor: true, is_active: false },
    ]);
    expect(record.versions[0].benchmark).toEqual({ lossBefore: 2 / 3, lossAfter: 1 / 3 });
    expect(record.versions[0].saved_at).toBe("2026-11-20T12:30:50.000Z");
    const { stdout } = await versions("list");
    const order = [third, second, first].map((id) => stdout.indexOf(`│ ${id}`));
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(stdout).toContain("lossBefore 0.6667, lossAfter 0.3333");
    expect(contentOf(base.path)).toEqual(before);
  });

  it("fits into 80 columns", async () => {
    await base.addModel();
    const { stdout } = await versions("list");
    expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  it("lists damaged versions and a damaged pointer as what they are", async () => {
    const [first] = await base.addModel();
    rmSync(join(base.folder(), "versions", first!, "ewc.bin"));
    writeFileSync(join(base.folder(), "current.json"), "x");
    const { exitCode, record } = await runJson(["versions", "list", ...base.flags]);
    expect(exitCode).toBe(0);
    expect(record.versions).toHaveLength(2);
    expect(record.damaged).toMatchObject([{ version_id: first }]);
    expect(record.pointer_damage).toContain("current.json");
    expect((await versions("list")).stdout).toContain("damaged");
  });

  it("asks which model when there are several, and says when there is none", async () => {
    expect(await versions("list")).toMatchObject({ exitCode: 2, stdout: "" });
    await base.addModel("a");
    await base.addModel("b");
    const { exitCode, stderr } = await versions("list");
    expect(exitCode).toBe(2);
    expect(stderr).toContain("Expected --model, as");
    expect(stderr).toContain("a, b");
    expect((await versions("list", "--model", "b")).exitCode).toBe(0);
  });
});

describe("driftkeel versions show", () => {
  it("shows tensors with lengths and norms, parts with sizes, and the record", async () => {
    const ids = await base.addModel();
    const before = contentOf(base.path);
    const { exitCode, record } = await runJson(["versions", "show", ids[1]!, ...base.flags]);
    expect(exitCode).toBe(0);
    expect(record).toMatchObject({
      model_id: "signal",
      version_id: ids[1],
      sequence: 2,
      parent: ids[0],
      seed: 2,
      is_prior: true,
      kernel_build: expect.stringMatching(/^abi-\d+$/),
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      parts: [{ name: "ewc.bin", sha256: expect.stringMatching(/^[0-9a-f]{64}$/) }],
    });
    const [weight, bias] = record.tensors;
    expect(weight).toMatchObject({ name: "output.weight", shape: [6], length: 6 });
    expect(weight.norm).toBeCloseTo(2 * Math.sqrt(6), 12);
    expect(bias).toMatchObject({ name: "output.bias", length: 2 });
    const { stdout } = await versions("show", ids[1]!);
    for (const text of [ids[1]!, "prior", "output.weight", "[6]", "4.899", "ewc.bin"]) {
      expect(stdout).toContain(text);
    }
    expect(contentOf(base.path)).toEqual(before);
  });

  it("names the nearest id for an unknown one", async () => {
    const [first] = await base.addModel("signal", 1);
    const { exitCode, stderr } = await versions("show", first!.replace(/.$/, "x"));
    expect(exitCode).toBe(2);
    expect(stderr).toContain(`did you mean "${first}"?`);
    expect((await versions("show", "../x")).exitCode).toBe(2);
  });

  it("exits with 5 on a version that is not whole", async () => {
    const [first, second] = await base.addModel();
    truncateSync(join(base.folder(), "versions", first!, "model.safetensors"), 40);
    writeFileSync(join(base.folder(), "versions", second!, "ewc.bin"), "other");
    for (const id of [first!, second!]) {
      const { exitCode, stdout, stderr } = await versions("show", id);
      expect({ exitCode, stdout }).toEqual({ exitCode: 5, stdout: "" });
      expect(stderr).toContain("(SNAPSHOT_CORRUPT)");
    }
  });
});
