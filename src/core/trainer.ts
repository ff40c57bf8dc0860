// Runs training plans away from the caller: on a thread of their own where memory is shared, else
// in short slices between the events of this thread. Either way the same instructions run on the
// same bytes.

import * as platform from "#platform";
import { PLAN_ABORT } from "../../assembly/layout.ts";
import { DriftkeelError } from "../errors.ts";
import type { Block } from "./block.ts";
import { type Core, core } from "./instance.ts";
import type { FromThread, Thread } from "./thread.ts";
import { startRole } from "./threads.ts";
import { trainInSlices } from "./train-slices.ts";

/**
 * Longest time the event loop waits while this thread trains: half a frame at 60 frames a second.
 */
const SLICE_MS = 8;

interface Run {
  onProgress: () => void;
  resolve: (status: number) => void;
  reject: (reason: DriftkeelError) => void;
}

let trainer: Thread | undefined;
const runs = new Map<number, Run>();
let runCount = 0;

function failed(message: string): DriftkeelError {
  return new DriftkeelError(
    "CORE_FAILED",
    `Expected the training thread to finish, but it failed: ${message}. The model is as ` +
      `before; please report this.`,
  );
}

function receive(message: FromThread): void {
  const run = runs.get(message.run);
  if (!run) return;
  if (message.kind === "progress") {
    run.onProgress();
    return;
  }
  runs.delete(message.run);
  if (runs.size === 0) trainer?.letGo();
  if (message.kind === "ended") run.resolve(message.status);
  else run.reject(failed(message.message));
}

/** The thread itself broke: every run on it is lost, the next one gets a new thread. */
function abandon(cause: unknown): void {
  trainer?.stop();
  trainer = undefined;
  for (const run of runs.values()) run.reject(failed(String(cause)));
  runs.clear();
}

/** Asks a run to stop before its next step. */
export function abort(plan: Block): void {
  Atomics.store(new Int32Array(core().memory.buffer, plan.address), PLAN_ABORT >> 2, 1);
}

/**
 * Runs a plan to its end and resolves with its STATUS_*. Runs of one process follow each other in
 * order.
 */
export function runPlan(plan: Block, onProgress: () => void): Promise<number> {
  const running = core();
  return running.shared
    ? onThread(running, plan, onProgress)
    : onThisThread(running, plan, onProgress);
}

function onThread(running: Core, plan: Block, onProgress: () => void): Promise<number> {
  trainer ??= startRole(
    running,
    { name: "trainer" },
    (message) => receive(message as FromThread),
    abandon,
  );
  const thread = trainer;
  const run = ++runCount;
  return new Promise((resolve, reject) => {
    runs.set(run, { onProgress, resolve, reject });
    thread.hold();
    thread.post({ kind: "train", run, plan: plan.address });
  });
}

let queue: Promise<unknown> = Promise.resolve();

function onThisThread(running: Core, plan: Block, onProgress: () => void): Promise<number> {
  const result = queue.then(async () => {
    let status = 0;
    try {
      for (const each of trainInSlices(running.exports, plan.address, SLICE_MS)) {
        status = each;
        onProgress();
        await new Promise<void>((resolve) => platform.afterEvents(resolve));
      }
    } catch (cause) {
      throw failed(String(cause));
    }
    return status;
  });
  queue = result.catch(() => {}); // one failed run must not fail those behind it
  return result;
}
