// Starting the core in Node: nothing to wait for, options that may come again, processes that end.

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { ABI_VERSION } from "../../assembly/layout.ts";
import { init, kernelInfo, Network } from "../../src/index.ts";

const run = promisify(execFile);

/** The largest binary that the core may be. */
const LARGEST_WASM_BYTES = 64 * 1024;

describe("in Node", () => {
  it("everything works without init()", () => {
    using network = new Network({ inputSize: 1, layers: [{ name: "a", size: 1 }] });
    expect(network.forward(Float32Array.of(0))).toEqual(Float32Array.of(0));
    expect(kernelInfo()).toMatchObject({ threads: 1, shared: true, variant: "simd128-shared" });
  });

  it("init() may come again, and changes the threads only where it names them", async () => {
    await Promise.all([init(), init(), init({})]);
    expect(kernelInfo().threads).toBe(1);
    await init({ threads: 2 });
    await init();
    expect(kernelInfo().threads).toBe(2);
    await init({ threads: 1 });
    expect(kernelInfo().threads).toBe(1);
  });

  it("the limit of memory that holds may be named again, another may not", async () => {
    await init({ maxMemoryMiB: 1024 });
    await expect(init({ maxMemoryMiB: 1023 })).rejects.toMatchObject({
      code: "CORE_ALREADY_READY",
    });
  });

  it("kernelInfo tells the ABI and a binary within its budget", () => {
    const { abiVersion, wasmBytes } = kernelInfo();
    expect(abiVersion).toBe(ABI_VERSION);
    expect(wasmBytes).toBeGreaterThan(1000);
    expect(wasmBytes).toBeLessThanOrEqual(LARGEST_WASM_BYTES);
  });
});

describe("a process", () => {
  const start = `
    import { init, Network } from "./src/index.ts";
    await init({ threads: 2 });
    const network = new Network({ inputSize: 2, layers: [{ name: "a", size: 1 }] });
    const samples = [{ input: Float32Array.of(1, 2), label: Float32Array.of(1) }];
  `;
  const script = async (text: string) => {
    const flags = ["--import", "tsx", "--input-type=module", "-e", `${start}\n${text}`];
    const { stdout } = await run(process.execPath, flags, { timeout: 15_000 });
    return stdout;
  };

  it("ends by itself with threads asleep and a training done", async () => {
    const text = "await network.train(samples, { lr: 0.1 }); console.log('trained');";
    expect(await script(text)).toBe("trained\n");
  });

  it("stays for a training that nobody awaits", async () => {
    const text = `
      network.train(samples, { lr: 1e-3, maxSteps: 100_000 })
        .then(({ steps }) => console.log(steps));
    `;
    expect(await script(text)).toBe("100000\n");
  });
});
