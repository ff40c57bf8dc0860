// What the library asks of Node: threads, files, and that it is ready on import.

import { open, readFile, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { threadId, Worker } from "node:worker_threads";
import { inflateRawSync } from "node:zlib";
import { workerSource } from "../../build/generated/worker-source-node.ts";
import type { Thread } from "./thread.ts";

/** The core compiles synchronously on first use: nobody has to wait for `init()`. */
export const isReadyOnImport = true;

/** Memory can be shared between threads, so views never detach when it grows. */
export function canShareMemory(): boolean {
  return true;
}

/** Starts a thread that runs the worker script; it does not keep the process alive unless held. */
export function startThread(
  onMessage: (message: unknown) => void,
  onError: (cause: unknown) => void,
): Thread {
  // Without the flags of the process: --input-type=module would make a module of the script.
  const worker = new Worker(workerSource, { eval: true, execArgv: [] });
  worker.on("message", onMessage);
  worker.on("error", onError);
  worker.unref();
  return {
    post: (message) => worker.postMessage(message),
    hold: () => worker.ref(),
    letGo: () => worker.unref(),
    stop: () => void worker.terminate(),
  };
}

/** Undoes raw deflate (RFC 1951). */
export function inflate(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return inflateRawSync(bytes);
}

/** Calls `task` after the event loop had its turn. */
export function afterEvents(task: () => void): void {
  setImmediate(task);
}

/** Bytes of a file. */
export async function readBytes(path: string): Promise<Uint8Array> {
  return readFile(path);
}

/** Files begun: each draft has a name of its own, also when one path is written twice at once. */
let drafts = 0;

/** Replaces a file whole: after a crash the old or the new content is there, never a mix. */
export async function writeBytes(path: string, bytes: Uint8Array): Promise<void> {
  const draft = `${path}.${process.pid}-${threadId}-${drafts++}.tmp`;
  try {
    const file = await open(draft, "w");
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
  } catch (cause) {
    await rm(draft, { force: true });
    throw cause;
  }
  const folder = await open(dirname(path), "r");
  try {
    await folder.sync(); // the rename itself must survive too
  } finally {
    await folder.close();
  }
}
