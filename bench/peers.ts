// Other libraries that do the same: measured when they are there, else absent with a reason.

import { execFileSync, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { LoraCase } from "./baseline/lora-step.ts";
import { notInstalled } from "./group.ts";
import type { Subject } from "./measure.ts";

/** What some training steps leave; the loss is that of the last step, before its move. */
export interface LoraState {
  loss: number;
  A: ArrayLike<number>;
  Bt: ArrayLike<number>;
}

/** A library that can do a LoRA step. */
export type LoraPeer =
  | { name: string; absent: string }
  | {
      name: string;
      train(each: LoraCase, steps: number): Promise<LoraState>;
      subject(each: LoraCase): Promise<Subject>;
    };

/** What bench/compare/tfjs-lora.mjs exports. */
interface TfjsModule {
  TfjsLora: new (
    each: LoraCase,
  ) => { step(): number; state(): { A: Float32Array; Bt: Float32Array } };
  version: string;
  ready(): Promise<void>;
}

const folder = new URL("compare/", import.meta.url);

/** tfjs with its WebAssembly backend, in this process. */
export async function tfjsPeer(compare: boolean): Promise<LoraPeer> {
  if (!compare) return { name: "tfjs-wasm", absent: notInstalled };
  const tfjs: TfjsModule = await import(new URL("tfjs-lora.mjs", folder).href);
  await tfjs.ready();
  return {
    name: `tfjs-wasm ${tfjs.version}`,
    async train(each, steps) {
      const lora = new tfjs.TfjsLora(each);
      let loss = 0;
      for (let step = 0; step < steps; step++) loss = lora.step();
      return { loss, ...lora.state() };
    },
    async subject(each) {
      const lora = new tfjs.TfjsLora(each);
      return () => lora.step();
    },
  };
}

const torchScript = fileURLToPath(new URL("torch_lora.py", folder));

/** PyTorch on the processor, one thread, when a Python with it is there. */
export function torchPeer(isQuick: boolean): LoraPeer {
  if (isQuick)
    return { name: "PyTorch", absent: "left out of smoke runs: it takes seconds to load" };
  const python = ["python3", "/usr/bin/python3"].find(
    (each) => spawnSync(each, ["-c", "import torch"], { stdio: "ignore" }).status === 0,
  );
  if (!python) return { name: "PyTorch", absent: "no Python with torch on this machine" };
  const run = (each: LoraCase, steps: number, ms: number) => {
    const plain = {
      ...each,
      x: [...each.x],
      labels: [...each.labels],
      A: [...each.A],
      Bt: [...each.Bt],
    };
    const input = JSON.stringify({ ...plain, steps, ms });
    const text = execFileSync(python, [torchScript], { input, maxBuffer: 2 ** 30 });
    return JSON.parse(text.toString()) as LoraState & { version: string; samples: number[] };
  };
  const print = "import torch; print(torch.__version__)";
  const version = execFileSync(python, ["-c", print]).toString().trim();
  return {
    name: `PyTorch ${version}`,
    train: async (each, steps) => run(each, steps, 0),
    subject: async (each) => ({ sample: (ms) => run(each, 0, ms).samples }),
  };
}

const sonaScript = fileURLToPath(new URL("sona-apply.mjs", folder));

/** @ruvector/sona's adapter on one input, in a process of its own: it may abort. */
export function sonaPeer(
  compare: boolean,
  size: number,
): { name: string; absent: string } | { name: string; subject: Subject } {
  const name = "@ruvector/sona 0.1.8, applyMicroLora";
  if (!compare) return { name, absent: notInstalled };
  const sample = (ms: number): number[] => {
    const { stdout, status, signal } = spawnSync(
      process.execPath,
      [sonaScript, String(size), String(ms)],
      { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"], maxBuffer: 2 ** 30 },
    );
    if (status !== 0) throw new Error(`${sonaScript} ended with ${signal ?? status}.`);
    return JSON.parse(stdout);
  };
  return { name, subject: { sample } };
}
