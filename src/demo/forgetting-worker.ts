// The worker of the forgetting page: learns, and tells after every look.

import { expose } from "comlink";
import { init, kernelInfo } from "../browser.ts";
import { type ForgettingFrame, forgettingRun } from "./forgetting-run.ts";
import { Gate } from "./gate.ts";

const gate = new Gate();

const api = {
  /** Gets the core ready; says which one it is. */
  async begin(): Promise<string> {
    await init({ threads: 1 });
    return kernelInfo().variant;
  },

  /** Runs to the end. Every frame waits until the page has taken the one before. */
  async run(seed: number, show: (frame: ForgettingFrame) => Promise<void>): Promise<void> {
    for await (const frame of forgettingRun(seed)) {
      await show(frame);
      await gate.pass();
    }
  },

  setPause(pauseMs: number): void {
    gate.pauseMs = pauseMs;
  },

  hold(): void {
    gate.close();
  },

  goOn(): void {
    gate.open();
  },
};

/** What the page may ask of the worker. */
export type ForgettingWorker = typeof api;

expose(api);
