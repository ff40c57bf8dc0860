// Opens the built core, release or debug, on a memory of its own and lends a test arrays in it.

import { readFileSync } from "node:fs";
import { afterEach } from "vitest";
import { JOB_ARGUMENT_BYTES, PACK_BYTES, POOL_BYTES } from "../../assembly/layout.ts";
import type { CoreExports } from "../../src/core/abi.ts";
import { instantiate } from "../../src/core/instantiate.ts";
import { unshare } from "../../src/core/unshare.ts";

/** Both builds: `debug` keeps the bounds checks and assertions that `release` drops. */
export const builds = ["release", "debug"] as const;
export type Build = (typeof builds)[number];

/** Kernel lengths: around each vector width and unroll, above every block, and one that is long. */
export const lengths = [0, 1, 3, 4, 5, 15, 16, 17, 63, 64, 65, 1000, 4099, 100003];
export const shortLengths = lengths.filter((n) => n <= 1000);

const INITIAL_PAGES = 16;
const PAGES_PER_MIB = 16;
const DEFAULT_MIB = 512;
/** Bytes before and after a lent array that no kernel may touch. */
const GUARD_BYTES = 64;
const GUARD = 0xc3;
/** What a lent array holds at first: NaN in every float, the largest number in every u32. */
const GARBAGE = 0xff;

interface CoreOptions {
  /** Memory that several threads may see; false takes the binary through `unshare`. */
  isShared?: boolean;
  maxMiB?: number;
}

/** The bytes of a build. */
export function readBinary(build: Build): Uint8Array<ArrayBuffer> {
  const file = readFileSync(new URL(`../../build/core/${build}.wasm`, import.meta.url));
  return new Uint8Array(file); // a copy: a small file may lie in a buffer that others share
}

/** One instance with its pool block attached, as src/core/instance.ts attaches it. */
export class Core {
  readonly exports: CoreExports;
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly pool: number;
  /** The loss that the callback kernels measure. */
  sampleLoss: (index: number) => number = () => Number.NaN;
  #lent: { address: number; sizeBytes: number }[] = [];

  constructor(build: Build, { isShared = true, maxMiB = DEFAULT_MIB }: CoreOptions = {}) {
    const bytes = readBinary(build);
    const maximum = maxMiB * PAGES_PER_MIB;
    this.module = new WebAssembly.Module(isShared ? bytes : unshare(bytes));
    this.memory = isShared
      ? new WebAssembly.Memory({ initial: INITIAL_PAGES, maximum, shared: true })
      : new WebAssembly.Memory({ initial: maximum, maximum }); // growth would detach every view
    this.exports = instantiate(this.module, this.memory, (index) => this.sampleLoss(index));
    this.pool = this.exports.allocate(POOL_BYTES) >>> 0;
    new Uint8Array(this.memory.buffer, this.pool, POOL_BYTES).fill(0);
    this.exports.attach(this.pool, this.threadScratch());
  }

  /** Memory that one thread needs for itself; never given back. */
  threadScratch(): number {
    return this.exports.allocate(PACK_BYTES + JOB_ARGUMENT_BYTES) >>> 0;
  }

  /** Address of `sizeBytes` bytes of garbage between two guards, until the end of the test. */
  scratch(sizeBytes: number): number {
    const address = this.exports.allocate(sizeBytes + 2 * GUARD_BYTES) >>> 0;
    const bytes = new Uint8Array(this.memory.buffer, address, sizeBytes + 2 * GUARD_BYTES);
    bytes.fill(GUARD).fill(GARBAGE, GUARD_BYTES, GUARD_BYTES + sizeBytes);
    this.#lent.push({ address, sizeBytes });
    return address + GUARD_BYTES;
  }

  /** A lent f32 array: a copy of values, or so many NaN. Its `byteOffset` is its address. */
  f32(source: number | ArrayLike<number>): Float32Array {
    const length = typeof source === "number" ? source : source.length;
    const address = this.scratch(4 * length); // may grow the memory, so before `buffer` is read
    const array = new Float32Array(this.memory.buffer, address, length);
    if (typeof source !== "number") array.set(source);
    return array;
  }

  /** The same in f64. */
  f64(source: number | ArrayLike<number>): Float64Array {
    const length = typeof source === "number" ? source : source.length;
    const address = this.scratch(8 * length); // may grow the memory, so before `buffer` is read
    const array = new Float64Array(this.memory.buffer, address, length);
    if (typeof source !== "number") array.set(source);
    return array;
  }

  /** The same in u32. */
  u32(source: number | ArrayLike<number>): Uint32Array {
    const length = typeof source === "number" ? source : source.length;
    const address = this.scratch(4 * length); // may grow the memory, so before `buffer` is read
    const array = new Uint32Array(this.memory.buffer, address, length);
    if (typeof source !== "number") array.set(source);
    return array;
  }

  /** Fields of a block whose shape assembly/layout.ts gives; all zero at first. */
  fields(sizeBytes: number): DataView {
    const address = this.scratch(sizeBytes);
    const view = new DataView(this.memory.buffer, address, sizeBytes);
    new Uint8Array(view.buffer, view.byteOffset, sizeBytes).fill(0);
    return view;
  }

  /** Takes all lent arrays back. Throws when a kernel wrote before or behind one. */
  takeBack(): void {
    const lent = this.#lent;
    this.#lent = [];
    for (const { address } of lent) this.exports.free(address);
    const torn = lent.filter((block) => !this.#isIntact(block));
    if (torn.length === 0) return;
    const sizes = torn.map(({ sizeBytes }) => `${sizeBytes} bytes`).join(", ");
    throw new Error(`A kernel wrote outside of its arrays: around blocks of ${sizes}.`);
  }

  #isIntact({ address, sizeBytes }: { address: number; sizeBytes: number }): boolean {
    const before = new Uint8Array(this.memory.buffer, address, GUARD_BYTES);
    const end = address + GUARD_BYTES + sizeBytes;
    const after = new Uint8Array(this.memory.buffer, end, GUARD_BYTES);
    return before.every((byte) => byte === GUARD) && after.every((byte) => byte === GUARD);
  }
}

/** A core for the tests of a `describe` block; what it lends goes back after each of them. */
export function openCore(build: Build, options?: CoreOptions): Core {
  const core = new Core(build, options);
  afterEach(() => core.takeBack());
  return core;
}
