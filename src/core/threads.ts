// Helper threads: they share the core's memory and claim chunks of a job that any thread leads.

import * as platform from "#platform";
import { POOL_HELPERS } from "../../assembly/layout.ts";
import { type Core, threadScratch } from "./instance.ts";
import type { Role, Thread } from "./thread.ts";

const helpers: Thread[] = [];

/**
 * Lets `count` threads, the caller's included, work on a job. Helpers are started as needed and
 * never stopped, since one could be in the middle of a job: those beyond the count stay asleep.
 */
export function setThreads(core: Core, count: number): void {
  const wanted = core.shared ? count - 1 : 0; // plain memory cannot be seen by a second thread
  while (helpers.length < wanted) helpers.push(startHelper(core, helpers.length));
  core.threads = wanted + 1;
  Atomics.store(new Int32Array(core.memory.buffer, core.pool), POOL_HELPERS >> 2, wanted);
}

/** Starts a thread of the given role on the core's module and memory. */
export function startRole(
  core: Core,
  role: Role,
  onMessage: (message: unknown) => void,
  onError: (cause: unknown) => void,
): Thread {
  const thread = platform.startThread(onMessage, onError);
  const { module, memory, pool } = core;
  thread.post({ kind: "attach", module, memory, pool, scratch: threadScratch(core), role });
  return thread;
}

function startHelper(core: Core, index: number): Thread {
  // A helper that fails is no loss: the leader claims its chunks too.
  return startRole(
    core,
    { name: "helper", index },
    () => {},
    () => {},
  );
}
