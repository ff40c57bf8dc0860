// The one core of this process or page: its memory, its main instance, its helper threads.

import * as z from "zod/mini";
import * as platform from "#platform";
import { ABI_VERSION, JOB_ARGUMENT_BYTES, PACK_BYTES, POOL_BYTES } from "../../assembly/layout.ts";
import { deflatedCoreBase64 } from "../../build/generated/core-bytes.ts";
import { decodeBase64 } from "../base64.ts";
import { DriftkeelError } from "../errors.ts";
import { parseOptions, positiveInteger } from "../options.ts";
import type { CoreExports } from "./abi.ts";
import { instantiate } from "./instantiate.ts";
import { unshare } from "./unshare.ts";

type CoreBytes = Uint8Array<ArrayBuffer>;

const PAGES_PER_MIB = 16;
const INITIAL_PAGES = 16;
/** Shared memory grows on demand, so a generous limit costs only address space. */
const DEFAULT_SHARED_MIB = 1024;
/** Plain memory is taken whole at the start (see `createMemory`), so the default asks for less. */
const DEFAULT_PLAIN_MIB = 256;
const LARGEST_MIB = 4095;

const coreOptions = z.strictObject({
  threads: z.optional(positiveInteger.check(z.maximum(64, "an integer from 1 to 64"))),
  maxMemoryMiB: z.optional(
    positiveInteger.check(z.maximum(LARGEST_MIB, `an integer from 1 to ${LARGEST_MIB}`)),
  ),
});

/** What `init` takes. */
export interface CoreOptions {
  /**
   * Threads that work on one job, the caller's included; default 1. Results do not depend on it.
   */
  threads?: number;
  /** Limit of the core's memory; default 1024 MiB shared, 256 MiB plain. Fixed at the first use. */
  maxMemoryMiB?: number;
}

/** What `kernelInfo` tells. */
export interface KernelInfo {
  /** `simd128-shared`, or `simd128-plain` where memory cannot be shared. */
  variant: string;
  shared: boolean;
  threads: number;
  abiVersion: number;
  wasmBytes: number;
}

/** The running core. Only src/core sees it. */
export interface Core {
  readonly exports: CoreExports;
  readonly memory: WebAssembly.Memory;
  readonly module: WebAssembly.Module;
  readonly shared: boolean;
  readonly maxMemoryMiB: number;
  readonly wasmBytes: number;
  /** Address of the pool block that all threads know. */
  readonly pool: number;
  threads: number;
  /** The loss that the next callback Fisher measures. */
  sampleLoss: (index: number) => number;
}

let running: Core | undefined;

/**
 * Plain memory cannot grow without detaching every view a user holds; it is therefore created at
 * its full size and never grows. The pages cost nothing until they are touched.
 */
function createMemory(shared: boolean, maxMemoryMiB: number): WebAssembly.Memory {
  const maximum = maxMemoryMiB * PAGES_PER_MIB;
  try {
    return shared
      ? new WebAssembly.Memory({ initial: INITIAL_PAGES, maximum, shared: true })
      : new WebAssembly.Memory({ initial: maximum, maximum });
  } catch (cause) {
    throw new DriftkeelError(
      "CORE_OUT_OF_MEMORY",
      `Expected to reserve ${maxMemoryMiB} MiB for the core, the host refused. ` +
        "Call init({ maxMemoryMiB }) with less, before anything else.",
      { cause },
    );
  }
}

function start(
  module: WebAssembly.Module,
  wasmBytes: number,
  shared: boolean,
  options: CoreOptions,
): Core {
  const maxMemoryMiB = options.maxMemoryMiB ?? (shared ? DEFAULT_SHARED_MIB : DEFAULT_PLAIN_MIB);
  const memory = createMemory(shared, maxMemoryMiB);
  const core: Core = {
    exports: instantiate(module, memory, (index) => core.sampleLoss(index)),
    memory,
    module,
    shared,
    maxMemoryMiB,
    wasmBytes,
    pool: 0,
    threads: 1,
    sampleLoss: () => Number.NaN,
  };
  const pool = core.exports.allocate(POOL_BYTES) >>> 0;
  new Uint8Array(memory.buffer, pool, POOL_BYTES).fill(0);
  core.exports.attach(pool, threadScratch(core));
  return Object.assign(core, { pool });
}

/** Memory that one thread needs for itself. */
export function threadScratch(core: Core): number {
  return core.exports.allocate(PACK_BYTES + JOB_ARGUMENT_BYTES) >>> 0;
}

/** A promise only where the platform inflates no other way. */
function inflatedCore(): CoreBytes | Promise<CoreBytes> {
  return platform.inflate(decodeBase64(deflatedCoreBase64));
}

/** The running core; starts it where the platform allows that without waiting. */
export function core(): Core {
  if (running) return running;
  if (!platform.isReadyOnImport) {
    throw new DriftkeelError(
      "CORE_NOT_READY",
      "Expected the core to be ready, but init() has not finished. In a browser, `await " +
        "init()` first.",
    );
  }
  const bytes = inflatedCore() as CoreBytes;
  running = start(new WebAssembly.Module(bytes), bytes.length, true, {});
  return running;
}

/** Starts the core, or returns the running one after checking that the options agree with it. */
export async function startCore(value: unknown): Promise<Core> {
  const options = parseOptions("init", coreOptions, value) as CoreOptions;
  if (!running) {
    const shared = platform.canShareMemory();
    const inflated = await inflatedCore();
    const bytes = shared ? inflated : unshare(inflated);
    const module = await WebAssembly.compile(bytes);
    running ??= start(module, bytes.length, shared, options); // another call may have come first
  }
  const asked = options.maxMemoryMiB;
  if (asked !== undefined && asked !== running.maxMemoryMiB) {
    throw new DriftkeelError(
      "CORE_ALREADY_READY",
      `Expected init({ maxMemoryMiB: ${asked} }) before the core's first use, but it runs with ` +
        `${running.maxMemoryMiB} MiB. Call init() first in your program.`,
    );
  }
  return running;
}

/** What the core is and runs on. */
export function kernelInfo(): KernelInfo {
  const { shared, threads, wasmBytes } = core();
  return {
    variant: shared ? "simd128-shared" : "simd128-plain",
    shared,
    threads,
    abiVersion: ABI_VERSION,
    wasmBytes,
  };
}

/** Bytes of memory the core has taken so far. */
export function memorySizeBytes(): number {
  return core().memory.buffer.byteLength;
}
