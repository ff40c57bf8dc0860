// The script of the test page: tries the library as a page would and reports what it saw.

import {
  allocate,
  Ewc,
  IndexedDbStore,
  init,
  type KernelInfo,
  kernelInfo,
  Network,
  NetworkLearnable,
  OnlineLearner,
  ReplayBuffer,
  release,
  rollingSharpe,
  SharpeDriftDetector,
} from "../../src/browser.ts";
import { type LearnerRun, runLearner } from "./learner-run.ts";
import { type Digests, runProgram } from "./program.ts";

/** What the page saw. */
export interface PageReport {
  isolated: boolean;
  /** Error codes of what was tried before init(), by name. */
  beforeInit: Record<string, string>;
  info: KernelInfo;
  digests: Digests;
  /** Again, and on two threads where the page may have them. */
  repeated: Digests;
  threads: number;
  /** Frames drawn and timers fired while an endless training ran, and how it ended. */
  frames: number;
  timers: number;
  ending: string;
  /** Whether arrays from before the memory grew still work, in place. */
  viewsSurvive: boolean;
  releasedCode: string;
  fileCode: string;
  folderCode: string;
  /** Of a learner on IndexedDB that was closed on the way and opened again. */
  learner: LearnerRun;
}

declare global {
  interface Window {
    report: () => Promise<PageReport>;
  }
}

const layers = [{ name: "output", size: 3 }];

async function codeOf(use: () => unknown): Promise<string> {
  try {
    await use();
    return "none";
  } catch (error) {
    return String((error as { code?: unknown }).code ?? error);
  }
}

async function tryBeforeInit(): Promise<Record<string, string>> {
  const uses: Record<string, () => unknown> = {
    allocate: () => allocate(4),
    kernelInfo: () => kernelInfo(),
    Network: () => new Network({ inputSize: 2, layers }),
    Ewc: () => new Ewc(Float32Array.of(1)),
    rollingSharpe: () => rollingSharpe(Float64Array.of(1, 2, 3), { windowSize: 2 }),
    SharpeDriftDetector: () => new SharpeDriftDetector(),
    ReplayBuffer: () => new ReplayBuffer({ capacity: 1 }), // needs no core
  };
  const codes: Record<string, string> = {};
  for (const [name, use] of Object.entries(uses)) codes[name] = await codeOf(use);
  return codes;
}

/** Trains without end until enough frames and timers have come through. */
async function watchTheEventLoop(): Promise<Pick<PageReport, "frames" | "timers" | "ending">> {
  const network = new Network({ inputSize: 2, layers });
  const controller = new AbortController();
  const { signal } = controller;
  const samples = [{ input: new Float32Array(2).fill(1), label: new Float32Array(3) }];
  const training = codeOf(() => network.train(samples, { lr: 1e-6, maxSteps: 2e9, signal }));
  let [frames, timers] = [0, 0];
  const turn = () => new Promise<void>((resolve) => setTimeout(resolve, 0));
  const frame = () => new Promise<number>((resolve) => requestAnimationFrame(resolve));
  for (; frames < 10; frames++) await frame();
  for (; timers < 10; timers++) await turn();
  controller.abort();
  const ending = await training;
  network.dispose();
  return { frames, timers, ending };
}

function growMemory(): boolean {
  const network = new Network({ inputSize: 4, layers });
  const input = allocate(16);
  const part = input.subarray(5, 9);
  part.fill(0.5);
  const before = network.forward(part);
  const large = allocate(16 * 2 ** 20); // 64 MiB
  large[large.length - 1] = 1;
  const isSame = network.forward(part).every((value, index) => value === before[index]);
  part.fill(0);
  const isInPlace = network.forward(part).every((value) => value === 0);
  const survives = isSame && isInPlace && part.length === 4 && input.byteLength === 64;
  release(large);
  release(input);
  network.dispose();
  return survives;
}

/** Opens a learner that would keep its versions in a folder. */
async function openInFolder(): Promise<void> {
  const network = new Network({ inputSize: 2, layers });
  try {
    const model = new NetworkLearnable({ network, lr: 0.01, maxSteps: 1 });
    await OnlineLearner.open({ model, storagePath: "models/first" });
  } finally {
    network.dispose();
  }
}

window.report = async () => {
  const beforeInit = await tryBeforeInit();
  await Promise.all([init(), init()]);
  const info = kernelInfo();
  const digests = await runProgram();
  await init({ threads: 2 });
  const { threads } = kernelInfo();
  const repeated = await runProgram();
  const array = allocate(4);
  release(array);
  const ewc = new Ewc(Float32Array.of(1));
  return {
    ...{ isolated: crossOriginIsolated, beforeInit, info, digests, threads, repeated },
    ...(await watchTheEventLoop()),
    viewsSurvive: growMemory(),
    releasedCode: await codeOf(() => new Ewc(array)),
    fileCode: await codeOf(() => ewc.save("model.ewc")),
    folderCode: await codeOf(openInFolder),
    learner: await runLearner(() => IndexedDbStore.open({ name: "learner" })),
  };
};
