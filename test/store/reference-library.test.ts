// The reference library of safetensors, in Python, reads what we write and writes what we read.
//
// It runs where python3 has safetensors and numpy. With DRIFTKEEL_PIP=1 they are installed for the
// run, into a virtual environment that is removed afterwards.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { decodeSafetensors, encodeSafetensors } from "../../src/store/safetensors.ts";
import { decodeSnapshot, encodeSnapshot } from "../../src/store/snapshot.ts";

const folder = mkdtempSync(join(tmpdir(), "driftkeel-python-"));
const removeFolder = () => rmSync(folder, { recursive: true, force: true });
afterAll(removeFolder);

function succeeds(command: string, ...parameters: string[]): boolean {
  try {
    execFileSync(command, parameters, { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

const hasLibrary = (python: string) => succeeds(python, "-c", "import safetensors, numpy");

/** A Python that has the library, if there is one. */
function findPython(): string | undefined {
  if (hasLibrary("python3")) return "python3";
  const python = join(folder, "venv", "bin", "python");
  const isInstalled =
    process.env.DRIFTKEEL_PIP === "1" &&
    succeeds("python3", "-m", "venv", join(folder, "venv")) &&
    succeeds(python, "-m", "pip", "install", "--quiet", "safetensors", "numpy") &&
    hasLibrary(python);
  return isInstalled ? python : undefined;
}

const python = findPython();
// Nothing runs after tests that are all skipped.
if (python === undefined) removeFolder();

const readScript = `
import json, sys
from safetensors import safe_open
with safe_open(sys.argv[1], "numpy") as file:
    tensors = {name: file.get_tensor(name) for name in file.keys()}
    print(json.dumps({
        "metadata": file.metadata(),
        "tensors": {name: [str(t.dtype), list(t.shape), t.tobytes().hex()]
                    for name, t in tensors.items()},
    }))
`;

const writeScript = `
import sys
import numpy
from safetensors.numpy import save_file
save_file({
    "weight": numpy.arange(6, dtype=numpy.float32).reshape(2, 3) / 7,
    "scalar": numpy.array(-0.0, dtype=numpy.float32),
    "empty": numpy.zeros((0, 4), dtype=numpy.float32),
    "b\\u00efas": numpy.array([numpy.nan, numpy.inf], dtype=numpy.float32),
}, sys.argv[1], metadata={"kind": "\\u2713", "": "x"})
`;

const run = (script: string, path: string): string =>
  execFileSync(python as string, ["-c", script, path], { encoding: "utf8" });

const hexOf = (values: Float32Array) => Buffer.from(values.buffer).toString("hex");

const words = python ? "with python3, safetensors and numpy" : "needs python3 with safetensors";
describe.skipIf(python === undefined)(`the reference library, ${words}`, () => {
  it("reads what we write", async () => {
    const path = join(folder, "ours.safetensors");
    const tensors = new Map([
      ["weight", { shape: [2, 3], values: Float32Array.of(1, -0, 1e-45, 4, 5, Number.NaN) }],
      ["scalar", { shape: [], values: Float32Array.of(7) }],
      ["empty", { shape: [0, 4], values: new Float32Array(0) }],
      ['naïve "name"', { shape: [1], values: Float32Array.of(0.1) }],
    ]);
    await writeFile(path, encodeSafetensors({ tensors, metadata: new Map([["kind", "✓"]]) }));
    const read = JSON.parse(run(readScript, path));
    expect(read.metadata).toEqual({ kind: "✓" });
    for (const [name, { shape, values }] of tensors) {
      expect(read.tensors[name]).toEqual(["float32", shape, hexOf(values)]);
    }
    expect(Object.keys(read.tensors)).toHaveLength(tensors.size);
  });

  it("writes what we read", async () => {
    const path = join(folder, "theirs.safetensors");
    run(writeScript, path);
    const { tensors, metadata } = decodeSafetensors(await readFile(path));
    expect(metadata).toEqual(
      new Map([
        ["kind", "✓"],
        ["", "x"],
      ]),
    );
    const sixths = Float32Array.from({ length: 6 }, (_, index) => Math.fround(index) / 7);
    expect(tensors.get("weight")).toEqual({ shape: [2, 3], values: sixths });
    expect(Object.is(tensors.get("scalar")?.values[0], -0)).toBe(true);
    expect(tensors.get("scalar")?.shape).toEqual([]);
    expect(tensors.get("empty")).toEqual({ shape: [0, 4], values: new Float32Array(0) });
    expect(tensors.get("bïas")?.values).toEqual(Float32Array.of(Number.NaN, Infinity));
  });

  it("reads a snapshot, its metadata included", async () => {
    const path = join(folder, "snapshot.safetensors");
    const snapshot = {
      weights: new Map([["w", Float32Array.of(1, 2)]]),
      modelId: "m",
      versionId: "v",
      kernelBuild: "abi-1",
      seed: 3,
    };
    const bytes = await encodeSnapshot(snapshot);
    await writeFile(path, bytes);
    const { metadata, tensors } = JSON.parse(run(readScript, path));
    expect(tensors.w).toEqual(["float32", [2], "0000803f00000040"]);
    const named = { format_version: "1", model_id: "m", version_id: "v", seed: "3", parent: "" };
    expect(metadata).toMatchObject(named);
    expect(await decodeSnapshot(bytes)).toEqual(snapshot);
  });
});
