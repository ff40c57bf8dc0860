// What the library asks of a browser: threads where memory may be shared, and an explicit init().

import { workerSource } from "../../build/generated/worker-source-browser.ts";
import type { Thread } from "./thread.ts";

/** Browsers compile large modules only asynchronously on the main thread: `await init()` first. */
export const isReadyOnImport = false;

/** Browsers share memory only on pages that are cross-origin isolated. */
export function canShareMemory(): boolean {
  return globalThis.crossOriginIsolated === true && typeof SharedArrayBuffer === "function";
}

/** Starts a worker from a blob, so that no file has to be served beside the bundle. */
export function startThread(
  onMessage: (message: unknown) => void,
  onError: (cause: unknown) => void,
): Thread {
  const url = URL.createObjectURL(new Blob([workerSource], { type: "text/javascript" }));
  const worker = new Worker(url);
  URL.revokeObjectURL(url);
  worker.onmessage = (event) => onMessage(event.data);
  worker.onerror = (event) => onError(event.message);
  return {
    post: (message) => worker.postMessage(message),
    hold: () => {},
    letGo: () => {},
    stop: () => worker.terminate(),
  };
}

/** Undoes raw deflate (RFC 1951). */
export async function inflate(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

let channel: MessageChannel | undefined;
const waiting: (() => void)[] = [];

/**
 * Calls `task` after the event loop had its turn (a message: timers are throttled to milliseconds).
 */
export function afterEvents(task: () => void): void {
  if (!channel) {
    channel = new MessageChannel();
    channel.port1.onmessage = () => waiting.shift()?.();
  }
  waiting.push(task);
  channel.port2.postMessage(undefined);
}

const noFiles = "A page has no files: keep the bytes of toBytes() in IndexedDB instead.";

/** Refuses: a page has no files. */
export async function readBytes(_path: string): Promise<Uint8Array> {
  throw new Error(noFiles);
}

/** Refuses: a page has no files. */
export async function writeBytes(_path: string, _bytes: Uint8Array): Promise<void> {
  throw new Error(noFiles);
}
