// `driftkeel export` and `import`: what leaves comes back, and what does not fit stays out.

import { mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Ewc } from "../../src/pipeline/update/ewc.ts";
import { decodeSafetensors, encodeSafetensors, type Tensor } from "../../src/store/safetensors.ts";
import { contentOf, run, runJson } from "./command-line.ts";
import { ewcBytes, ModelBase } from "./model-base.ts";

let base: ModelBase;
let ids: string[];
let file: string;
beforeEach(async () => {
  base = new ModelBase();
  ids = await base.addModel();
  file = join(base.path, "out.bin");
});
afterEach(() => base.remove());

const exporting = (...more: string[]) => run(["export", file, ...base.flags, ...more]);
const importing = (...more: string[]) => run(["import", file, ...base.flags, ...more]);

async function readVersion(id: string) {
  const versions = await base.open();
  const version = await versions.read(id).finally(() => versions.close());
  return version;
}

async function status() {
  const { record } = await runJson(["status", ...base.flags]);
  return record.models[0];
}

/** A safetensors file of these tensors, as another program might write it. */
function writeTensors(tensors: Record<string, number[]>): void {
  const entries = Object.entries(tensors).map(([name, values]): [string, Tensor] => {
    const array = Float32Array.from(values);
    return [name, { shape: [array.length], values: array }];
  });
  writeFileSync(file, encodeSafetensors({ tensors: new Map(entries), metadata: new Map() }));
}

describe("driftkeel export", () => {
  it("writes the active version's file as it is, and changes nothing in the folder", async () => {
    const before = contentOf(base.folder());
    const { exitCode, record } = await runJson(["export", file, ...base.flags]);
    expect(exitCode).toBe(0);
    const bytes = readFileSync(file);
    expect(record).toEqual({
      model_id: "signal",
      version_id: ids[2],
      format: "safetensors",
      path: file,
      size_bytes: bytes.length,
    });
    const source = join(base.folder(), "versions", ids[2]!, "model.safetensors");
    expect(bytes.equals(readFileSync(source))).toBe(true);
    expect(contentOf(base.folder())).toEqual(before);
  });

  it("writes the version that is named", async () => {
    expect((await exporting("--version", ids[0]!)).exitCode).toBe(0);
    const { tensors } = decodeSafetensors(new Uint8Array(readFileSync(file)));
    expect(tensors.get("output.bias")!.values).toEqual(Float32Array.of(1, -1));
    expect((await exporting("--version", "20261120", "--force")).exitCode).toBe(2);
  });

  it("writes the EWC memory in both formats", async () => {
    const expected = Ewc.fromBytes(ewcBytes(8));
    await exporting("--format", "ewc");
    expect(new Uint8Array(readFileSync(file))).toEqual(expected.toBytes());
    await exporting("--format", "ewc-legacy", "--force");
    expect(new Uint8Array(readFileSync(file))).toEqual(expected.toBytes({ format: "legacy" }));
    expected.dispose();
  });

  it("replaces a file with --force only, and leaves no draft", async () => {
    writeFileSync(file, "precious");
    const refused = await exporting();
    expect(refused).toMatchObject({ exitCode: 2, stdout: "" });
    expect(refused.stderr).toContain("--force");
    expect(readFileSync(file, "utf8")).toBe("precious");
    expect((await exporting("--force")).exitCode).toBe(0);
    expect(readdirSync(base.path).sort()).toEqual(["out.bin", "signal"]);
  });

  it("exits with 5 when the version is damaged or the file cannot be written", async () => {
    mkdirSync(file);
    expect(await exporting("--force")).toMatchObject({ exitCode: 5 });
    truncateSync(join(base.folder(), "versions", ids[2]!, "model.safetensors"), 40);
    const { exitCode, stderr } = await exporting("--force");
    expect(exitCode).toBe(5);
    expect(stderr).toContain("(SNAPSHOT_CORRUPT)");
  });

  it("says so when a version has no EWC memory, and when a format is none", async () => {
    const versions = await base.open();
    const id = await versions.save({ weights: new Map([["w", Float32Array.of(1)]]) });
    await versions.close();
    const { exitCode, stderr } = await exporting("--version", id, "--format", "ewc");
    expect(exitCode).toBe(2);
    expect(stderr).toContain("got none: its learner runs without EWC");
    expect((await exporting("--format", "onnx")).exitCode).toBe(2);
  });
});

describe("driftkeel import", () => {
  it("brings back what was exported as a new version, and the active one stays", async () => {
    await exporting("--version", ids[0]!);
    const { exitCode, record } = await runJson(["import", file, ...base.flags]);
    expect(exitCode).toBe(0);
    expect(record).toMatchObject({ is_active: false, active_before: ids[2] });
    expect(await status()).toMatchObject({ active_version: ids[2], versions: 4 });
    const version = await readVersion(record.version_id);
    expect(version.weights).toEqual((await readVersion(ids[0]!)).weights);
    expect(version).toMatchObject({ parent: ids[2], parts: [] });
    expect(await base.events()).toMatchObject([
      { eventType: "job", outcome: "started", details: { job: "import", file: "out.bin" } },
      { eventType: "job", outcome: "done", details: { version_id: record.version_id } },
    ]);
  });

  it("makes it the active one with --activate, and notes that too", async () => {
    writeTensors({ "output.bias": [7, 8], "output.weight": [1, 2, 3, 4, 5, 6] });
    const { record } = await runJson(["import", file, ...base.flags, "--activate"]);
    expect(await status()).toMatchObject({
      active_version: record.version_id,
      prior_version: ids[2],
      promotion_source: "import",
    });
    const { weights } = await readVersion(record.version_id);
    // In the order of the model, whatever the order of the file.
    expect([...weights.keys()]).toEqual(["output.weight", "output.bias"]);
    expect(weights.get("output.bias")).toEqual(Float32Array.of(7, 8));
    const events = (await base.events()).map(({ eventType, outcome }) => [eventType, outcome]);
    expect(events).toEqual([
      ["job", "started"],
      ["job", "done"],
      ["promotion", "started"],
      ["promotion", "done"],
    ]);
  });

  it("evicts nothing: how many versions are kept is the learner's choice", async () => {
    const versions = await base.open("signal", { maxVersions: 50 });
    for (let count = 0; count < 27; count++) {
      await versions.save({ weights: new Map([["w", Float32Array.of(count)]]) });
    }
    await versions.close();
    await exporting();
    await importing();
    expect((await status()).versions).toBe(31);
  });

  it("takes tensors of other shapes with the same lengths", async () => {
    const tensors = new Map<string, Tensor>([
      ["output.weight", { shape: [2, 3], values: Float32Array.of(1, 2, 3, 4, 5, 6) }],
      ["output.bias", { shape: [2, 1], values: Float32Array.of(1, 2) }],
    ]);
    writeFileSync(file, encodeSafetensors({ tensors, metadata: new Map([["by", "another"]]) }));
    expect((await importing()).exitCode).toBe(0);
  });

  it("lists every difference of a file that does not fit, and saves nothing", async () => {
    writeTensors({ "output.weight": [1, 2, 3], extra: [1] });
    const versions = join(base.folder(), "versions");
    const before = contentOf(versions);
    const { exitCode, stderr } = await importing();
    expect(exitCode).toBe(5);
    expect(stderr).toContain("output.weight has length 3, not 6");
    expect(stderr).toContain("output.bias is missing");
    expect(stderr).toContain("extra is too many");
    expect(contentOf(versions)).toEqual(before);
    expect(await base.events()).toEqual([]);
  });

  it("refuses weights that are not finite and files that are none", async () => {
    writeTensors({ "output.weight": [1, 2, Number.NaN, 4, 5, 6], "output.bias": [1, 2] });
    expect((await importing()).stderr).toContain("(VALUE_NOT_FINITE)");
    writeFileSync(file, "no tensors");
    const { exitCode, stderr } = await importing();
    expect(exitCode).toBe(5);
    expect(stderr).toContain("(FILE_CORRUPT)");
    expect((await run(["import", join(base.path, "absent"), ...base.flags])).exitCode).toBe(5);
    expect((await status()).versions).toBe(3);
  });

  it.each([
    ["ewc", ewcBytes(8, 5)],
    ["ewc-legacy", Ewc.fromBytes(ewcBytes(8, 5)).toBytes({ format: "legacy" })],
  ])("replaces the EWC memory beside the active weights (%s)", async (format, bytes) => {
    writeFileSync(file, bytes);
    const { exitCode, record } = await runJson(["import", file, ...base.flags, "--format", format]);
    expect(exitCode).toBe(0);
    const [version, active] = [await readVersion(record.version_id), await readVersion(ids[2]!)];
    expect(version.weights).toEqual(active.weights);
    const ewc = Ewc.fromBytes(version.state.get("ewc.bin")!);
    expect(ewc.lambda).toBe(5);
    ewc.dispose();
  });

  it("refuses an EWC memory of another length", async () => {
    writeFileSync(file, ewcBytes(9));
    const { exitCode, stderr } = await importing("--format", "ewc");
    expect(exitCode).toBe(5);
    expect(stderr).toContain("of 8 parameters");
    expect(stderr).toContain("got 9");
  });

  it("exits with 7 while a process has the folder", async () => {
    await exporting();
    const writer = await base.open();
    expect(await importing()).toMatchObject({ exitCode: 7, stdout: "" });
    await writer.close();
  });
});
