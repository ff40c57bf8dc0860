// The allocator: blocks aligned to a cache line. Only the main instance may call it (two instances on one memory would
// hand out the same address).

import { ALIGN_BYTES } from "./layout";

/**
 * Returns the address of `sizeBytes` bytes of unspecified content, aligned to ALIGN_BYTES. Traps when memory is full.
 */
export function allocate(sizeBytes: usize): usize {
  const block = heap.alloc(sizeBytes + 2 * ALIGN_BYTES);
  const address = (block + 2 * ALIGN_BYTES - 1) & ~(ALIGN_BYTES - 1);
  store<usize>(address - sizeof<usize>(), block);
  return address;
}

/** Gives back what `allocate` returned. */
export function free(address: usize): void {
  heap.free(load<usize>(address - sizeof<usize>()));
}
