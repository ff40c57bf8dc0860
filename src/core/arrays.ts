// Caller's arrays on their way into the core: those that live in its memory pass by address, others
// are copied.

import { describeValue } from "../describe-value.ts";
import { DriftkeelError, DriftkeelRangeError, DriftkeelTypeError } from "../errors.ts";
import { Block, reserve } from "./block.ts";
import { core } from "./instance.ts";

type CoreArray = Float32Array | Float64Array;

/** Arrays handed out by `allocate`, by address. */
const handedOut = new Map<number, Block>();

/**
 * Every buffer object that has ever stood for the core's memory: growth makes a new one over the
 * same bytes.
 */
const buffers = new WeakSet<ArrayBufferLike>();

function isInCore(array: CoreArray): boolean {
  const current = core().memory.buffer;
  buffers.add(current);
  return buffers.has(array.buffer);
}

/**
 * A Float32Array of `length` zeros in the core's memory. Passing it, or a subarray of it, to
 * anything below costs no copy. It lives until `release`. Throws CORE_OUT_OF_MEMORY.
 */
export function allocate(length: number): Float32Array {
  if (!Number.isInteger(length) || length < 1) {
    const got = describeValue(length);
    const message = `Expected allocate's length to be an integer > 0, got ${got}.`;
    throw typeof length === "number"
      ? new DriftkeelRangeError("ARGUMENT_RANGE", message)
      : new DriftkeelTypeError("ARGUMENT_TYPE", message);
  }
  const block = new Block(4 * length, "array");
  buffers.add(core().memory.buffer);
  handedOut.set(block.address, block);
  return block.f32();
}

/**
 * Gives an array of `allocate` back. Later use of it, or of a subarray, by the library is an error;
 * reading or writing it directly is undefined. Throws DISPOSED when it has been given back,
 * ARGUMENT_TYPE when it is not from `allocate`.
 */
export function release(array: Float32Array): void {
  if (!(array instanceof Float32Array) || !isInCore(array)) {
    throw new DriftkeelTypeError(
      "ARGUMENT_TYPE",
      `Expected release to get an array from allocate(), got ${describeValue(array)}.`,
    );
  }
  const block = handedOut.get(array.byteOffset);
  if (!block || block.sizeBytes !== array.byteLength) throw released();
  handedOut.delete(array.byteOffset);
  block.dispose();
}

function released(): DriftkeelError {
  return new DriftkeelError(
    "DISPOSED",
    "Expected an array that allocate() returned and release() has not taken back, got another. " +
      "Call allocate() again.",
  );
}

/** Whether an array in core memory lies inside one that is still handed out. */
function isHandedOut(array: CoreArray): boolean {
  const start = array.byteOffset;
  const end = start + array.byteLength;
  const exact = handedOut.get(start);
  if (exact && array.byteLength <= exact.sizeBytes) return true;
  for (const [address, block] of handedOut) {
    if (address <= start && end <= address + block.sizeBytes) return true;
  }
  return false;
}

/** Throws DISPOSED when `array` is one of `allocate` that has been released. */
export function checkNotReleased(array: Float32Array): void {
  if (buffers.has(array.buffer) && !isHandedOut(array)) throw released();
}

/**
 * Addresses of the arrays of one call. Copies in what is not in core memory, copies out what was
 * written.
 */
export class Frame {
  readonly #copies: { address: number; target: CoreArray | undefined }[] = [];

  /** Address of an array that the core only reads. */
  read(array: CoreArray): number {
    return this.#enter(array, undefined);
  }

  /** Address of an array that the core changes in place. */
  write(array: CoreArray): number {
    return this.#enter(array, array);
  }

  #enter(array: CoreArray, target: CoreArray | undefined): number {
    if (isInCore(array)) {
      if (isHandedOut(array)) return array.byteOffset;
      // Nobody is handed f64 arrays, but a loss function sees its weights in one: copied.
      if (array instanceof Float32Array) throw released();
    }
    const address = reserve(core(), Math.max(array.byteLength, 1));
    viewLike(array, address).set(array);
    this.#copies.push({ address, target });
    return address;
  }

  /** Address of `sizeBytes` bytes of scratch. */
  scratch(sizeBytes: number): number {
    const address = reserve(core(), Math.max(sizeBytes, 1));
    this.#copies.push({ address, target: undefined });
    return address;
  }

  /**
   * Copies out what was written. Not called when the computation failed: the caller's arrays stay
   * as they were.
   */
  commit(): void {
    for (const { address, target } of this.#copies) target?.set(viewLike(target, address));
  }

  /** Gives the copies back; call it in a finally. */
  end(): void {
    for (const { address } of this.#copies) core().exports.free(address);
    this.#copies.length = 0;
  }
}

function viewLike(array: CoreArray, address: number): CoreArray {
  const { buffer } = core().memory;
  return array instanceof Float32Array
    ? new Float32Array(buffer, address, array.length)
    : new Float64Array(buffer, address, array.length);
}

/**
 * Runs `compute` with a frame: writes are copied out when it returns, everything is given back
 * either way.
 */
export function withFrame<T>(compute: (frame: Frame) => T): T {
  const frame = new Frame();
  try {
    const result = compute(frame);
    frame.commit();
    return result;
  } finally {
    frame.end();
  }
}

/** Whether two arrays share bytes. */
export function overlaps(a: CoreArray, b: CoreArray): boolean {
  const isSame = a.buffer === b.buffer || (isInCore(a) && isInCore(b));
  const isApart =
    a.byteOffset + a.byteLength <= b.byteOffset || b.byteOffset + b.byteLength <= a.byteOffset;
  return isSame && !isApart && a.length > 0 && b.length > 0;
}
