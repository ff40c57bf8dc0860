// Ties a compiled core to a memory.

import { instantiateSync } from "@assemblyscript/loader";
import type { CoreExports } from "./abi.ts";

/** An instance on `memory`; `sampleLoss` is its only call out: the loss of one sample. */
export function instantiate(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  sampleLoss: (index: number) => number,
): CoreExports {
  const env = { memory, sampleLoss };
  const { exports } = instantiateSync(module, { env });
  return exports as unknown as CoreExports;
}
