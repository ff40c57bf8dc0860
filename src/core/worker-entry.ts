// The script of a thread: a helper sleeps inside the core until it is needed, a trainer runs
// training plans.

import type { CoreExports } from "./abi.ts";
import type { FromThread, ToThread } from "./thread.ts";
import { trainInSlices } from "./train-slices.ts";

/** The two platforms' ports, which differ only in how a message arrives. */
interface Port {
  postMessage(message: FromThread): void;
  on?(event: "message", listener: (message: ToThread) => void): void;
  onmessage?: ((event: { data: ToThread }) => void) | null;
}

/** Time between two progress messages. */
const PROGRESS_MS = 50;

function portOfThisThread(): Port {
  // In a browser the global scope is the port. Asking for `require` instead would not tell: the
  // bundler puts one of its own there.
  if ("WorkerGlobalScope" in globalThis) return globalThis as unknown as Port;
  return require("node:worker_threads").parentPort;
}

const port = portOfThisThread();
let core: CoreExports | undefined;

/**
 * An instance on the shared memory. Without the loader: a thread has no use for what it adds, and
 * its bytes would be in every page twice.
 */
function instantiateHere(module: WebAssembly.Module, memory: WebAssembly.Memory): CoreExports {
  const sampleLoss = () => Number.NaN; // never called: a thread measures no callback losses
  const { exports } = new WebAssembly.Instance(module, { env: { memory, sampleLoss } });
  return exports as unknown as CoreExports;
}

function runPlan(exports: CoreExports, run: number, plan: number): void {
  try {
    let status = 0;
    for (const each of trainInSlices(exports, plan, PROGRESS_MS)) {
      status = each;
      port.postMessage({ kind: "progress", run });
    }
    port.postMessage({ kind: "ended", run, status });
  } catch (cause) {
    port.postMessage({ kind: "trapped", run, message: String(cause) });
  }
}

function receive(message: ToThread): void {
  if (message.kind === "attach") {
    core = instantiateHere(message.module, message.memory);
    core.attach(message.pool, message.scratch);
    if (message.role.name === "helper") core.help(message.role.index);
  } else if (core) {
    runPlan(core, message.run, message.plan);
  }
}

if (port.on) port.on("message", receive);
else port.onmessage = (event) => receive(event.data);
