// Fork and join on shared memory: one leader cuts a job into chunks, it and its helpers claim them one by one.
//
// Which thread runs a chunk does not matter: chunks write disjoint memory and their number depends on the data alone,
// so the same bytes come out for any number of helpers. All words live in the pool block, which TypeScript allocates
// once; the two globals are set once per instance and never change afterwards.

import {
  PACK_BYTES, POOL_ACTIVE, POOL_ARGUMENTS, POOL_CHUNKS, POOL_DONE, POOL_FUNCTION, POOL_HELPERS,
  POOL_LOCK, POOL_NEXT, POOL_OPEN, POOL_TICKET, SPIN_LIMIT,
} from "./layout";

/** Address of the pool block; 0 until `attach`. */
let poolBlock: usize = 0;
/** Scratch of this thread for packed panels (`PACK_BYTES`). */
export let packBuffer: usize = 0;

/** Ties this instance to the pool block and to its own scratch. Called once, before anything else. */
export function attach(pool: usize, scratch: usize): void {
  poolBlock = pool;
  packBuffer = scratch;
}

/** Whether a job is worth cutting into chunks: somebody could help. */
// @ts-ignore: decorator
@inline
export function helpersAttached(): bool {
  return load<i32>(poolBlock, POOL_HELPERS) > 0;
}

/** Where the leader writes the arguments of the job it is about to run. Each thread may lead, so each has its own. */
// @ts-ignore: decorator
@inline
export function jobArguments(): usize {
  return packBuffer + PACK_BYTES;
}

/** Claims chunks until none is left. */
function work(run: (job: usize, index: i32) => void, job: usize, chunks: i32): void {
  let index = atomic.add<i32>(poolBlock, 1, POOL_NEXT);
  while (index < chunks) {
    run(job, index);
    atomic.add<i32>(poolBlock, 1, POOL_DONE);
    index = atomic.add<i32>(poolBlock, 1, POOL_NEXT);
  }
}

/**
 * Runs chunks 0..chunks-1 of a job, whose arguments stand in `jobArguments()`, and returns when all are done.
 * When another thread is leading already, the caller runs all chunks itself.
 */
export function parallelFor(run: (job: usize, index: i32) => void, chunks: i32): void {
  const job = jobArguments();
  if (atomic.cmpxchg<i32>(poolBlock, 0, 1, POOL_LOCK) != 0) {
    for (let index: i32 = 0; index < chunks; index++) run(job, index);
    return;
  }
  store<i32>(poolBlock, changetype<i32>(run), POOL_FUNCTION);
  store<usize>(poolBlock, job, POOL_ARGUMENTS);
  store<i32>(poolBlock, chunks, POOL_CHUNKS);
  atomic.store<i32>(poolBlock, 0, POOL_NEXT);
  atomic.store<i32>(poolBlock, 0, POOL_DONE);
  atomic.store<i32>(poolBlock, 1, POOL_OPEN);
  atomic.add<i32>(poolBlock, 1, POOL_TICKET);
  atomic.notify(poolBlock + POOL_TICKET, -1);
  work(run, job, chunks);
  while (atomic.load<i32>(poolBlock, POOL_DONE) < chunks) {}
  // A helper that woke late must have left before the words above may be written for the next job.
  atomic.store<i32>(poolBlock, 0, POOL_OPEN);
  while (atomic.load<i32>(poolBlock, POOL_ACTIVE) != 0) {}
  atomic.store<i32>(poolBlock, 0, POOL_LOCK);
}

/** The life of a helper thread: sleeps until a job opens, helps, sleeps again. It never returns. */
export function help(index: i32): void {
  let seen = atomic.load<i32>(poolBlock, POOL_TICKET);
  while (true) {
    atomic.add<i32>(poolBlock, 1, POOL_ACTIVE);
    if (atomic.load<i32>(poolBlock, POOL_OPEN) != 0 && index < atomic.load<i32>(poolBlock, POOL_HELPERS)) {
      const run = changetype<(job: usize, index: i32) => void>(load<i32>(poolBlock, POOL_FUNCTION));
      work(run, load<usize>(poolBlock, POOL_ARGUMENTS), load<i32>(poolBlock, POOL_CHUNKS));
    }
    atomic.sub<i32>(poolBlock, 1, POOL_ACTIVE);
    // Jobs of one training step follow each other within microseconds: spin a little before paying for a wake-up.
    for (let spin: i32 = 0; spin < SPIN_LIMIT && atomic.load<i32>(poolBlock, POOL_TICKET) == seen; spin++) {}
    atomic.wait<i32>(poolBlock + POOL_TICKET, seen, -1); // returns at once when the ticket has moved on
    seen = atomic.load<i32>(poolBlock, POOL_TICKET);
  }
}
