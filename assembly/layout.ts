// Numbers that both compilers read: the shape of every block that TypeScript writes and the core reads.
// Offsets are in bytes.

export const ABI_VERSION = 1;

/** Alignment of every block the allocator hands out: one cache line. */
export const ALIGN_BYTES = 64;

// --- matrix products ---
/** Terms summed in f32 before the sum is added to the result. Half of a 32 KiB first-level cache holds one panel. */
export const K_BLOCK = 512;
/** Rows of the result in one parallel chunk; a multiple of the 4 rows of a tile. */
export const ROWS_PER_CHUNK = 32;
/** Below this many products a fork and join costs more than it gains. */
export const PARALLEL_MIN_PRODUCTS = 1 << 20;

// --- thread pool block ---
export const POOL_LOCK = 0;
export const POOL_OPEN = 4;
export const POOL_TICKET = 8;
export const POOL_FUNCTION = 12;
export const POOL_ARGUMENTS = 16;
export const POOL_CHUNKS = 20;
export const POOL_HELPERS = 24;
export const POOL_STOP = 28;
export const POOL_NEXT = 64;
export const POOL_DONE = 128;
export const POOL_ACTIVE = 192;
export const POOL_BYTES = 256;
/** Polls of the ticket before a helper goes to sleep: some tens of microseconds. */
export const SPIN_LIMIT = 20000;
/** Scratch of one thread: a packed panel of K_BLOCK x 8 f32, then the arguments of the job it leads. */
export const PACK_BYTES = 16384;
export const JOB_ARGUMENT_BYTES = 256;
