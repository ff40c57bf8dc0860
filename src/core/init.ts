// Starts the core with options.

import { type CoreOptions, startCore } from "./instance.ts";
import { setThreads } from "./threads.ts";

/**
 * Gets the core ready. In Node it is ready on import, and this only sets options; in a browser
 * nothing else works before. Calling it again is harmless: `threads` may change, `maxMemoryMiB` is
 * fixed at the first use (CORE_ALREADY_READY when it differs).
 */
export async function init(options?: CoreOptions): Promise<void> {
  const core = await startCore(options);
  if (options?.threads !== undefined) setThreads(core, options.threads);
}
