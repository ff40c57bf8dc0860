// Owned pieces of the core's memory: everything that holds an address is one of these.

import { DriftkeelError } from "../errors.ts";
import { type Core, core } from "./instance.ts";

/** The allocator's largest block, a little below 1 GiB. */
const LARGEST_BYTES = 2 ** 30 - 1024;

/** Reserves bytes on the main instance; the content is unspecified. Throws CORE_OUT_OF_MEMORY. */
export function reserve(running: Core, sizeBytes: number): number {
  try {
    if (sizeBytes <= LARGEST_BYTES) return running.exports.allocate(sizeBytes) >>> 0;
  } catch (cause) {
    throw outOfMemory(running, sizeBytes, cause);
  }
  throw outOfMemory(running, sizeBytes);
}

function outOfMemory(running: Core, sizeBytes: number, cause?: unknown): DriftkeelError {
  return new DriftkeelError(
    "CORE_OUT_OF_MEMORY",
    `Expected room for ${sizeBytes} bytes in the core's memory of at most ` +
      `${running.maxMemoryMiB} MiB (one block at most 1 GiB), but there is none. Dispose of what ` +
      "you no longer use, or call init({ maxMemoryMiB }) with more first.",
    { cause },
  );
}

/** Frees what an owner forgot to dispose of. */
const forgotten = new FinalizationRegistry<number>((address) => core().exports.free(address));

/**
 * A block of memory with one owner. Use after `dispose()` throws DISPOSED; a second dispose does
 * nothing.
 */
export class Block {
  readonly sizeBytes: number;
  #address: number;
  #holds = 0;
  #isDisposed = false;
  readonly #owner: string;

  /**
   * Reserves `sizeBytes` bytes, cleared. `owner` names the object in the error of a use after
   * dispose.
   */
  constructor(sizeBytes: number, owner: string) {
    const running = core();
    this.sizeBytes = sizeBytes;
    this.#owner = owner;
    this.#address = reserve(running, Math.max(sizeBytes, 1));
    forgotten.register(this, this.#address, this);
    new Uint8Array(running.memory.buffer, this.#address, sizeBytes).fill(0);
  }

  get address(): number {
    if (this.#isDisposed) {
      throw new DriftkeelError(
        "DISPOSED",
        `Expected a live ${this.#owner}, but it has been disposed of. Create a new one.`,
      );
    }
    return this.#address;
  }

  /** Throws DISPOSED after a dispose. */
  checkLive(): void {
    void this.address;
  }

  get isDisposed(): boolean {
    return this.#isDisposed;
  }

  /** Whether a thread works on the memory. */
  get isHeld(): boolean {
    return this.#holds > 0;
  }

  /**
   * Keeps the memory while a thread works on it: a dispose takes effect when the last holder lets
   * go.
   */
  hold(): void {
    this.#holds++;
  }

  letGo(): void {
    this.#holds--;
    if (this.#isDisposed) this.#free();
  }

  /** A view of f32 elements; all when the count is left out. */
  f32(offset = 0, count = (this.sizeBytes >>> 2) - offset): Float32Array {
    return new Float32Array(core().memory.buffer, this.address + 4 * offset, count);
  }

  f64(offset = 0, count = (this.sizeBytes >>> 3) - offset): Float64Array {
    return new Float64Array(core().memory.buffer, this.address + 8 * offset, count);
  }

  bytes(): Uint8Array {
    return new Uint8Array(core().memory.buffer, this.address, this.sizeBytes);
  }

  /** Fields of a block whose shape assembly/layout.ts gives. */
  fields(): DataView {
    return new DataView(core().memory.buffer, this.address, this.sizeBytes);
  }

  /** A second block with the same content. */
  clone(): Block {
    const copy = new Block(this.sizeBytes, this.#owner);
    copy.bytes().set(this.bytes());
    return copy;
  }

  dispose(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    this.#free();
  }

  #free(): void {
    if (this.#holds > 0) return;
    forgotten.unregister(this);
    core().exports.free(this.#address);
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
