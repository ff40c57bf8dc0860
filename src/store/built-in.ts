// Node's own modules, fetched when they are used: a page may import all of storage and use what
// needs no files.

import { DriftkeelError } from "../errors.ts";

/** The modules that storage uses. */
interface BuiltIns {
  "node:fs": typeof import("node:fs");
  "node:fs/promises": typeof import("node:fs/promises");
  "node:os": typeof import("node:os");
  "node:path": typeof import("node:path");
  "node:worker_threads": typeof import("node:worker_threads");
}

/** A module of Node. Throws FILE_FAILED in a page. */
export function builtIn<ID extends keyof BuiltIns>(id: ID): BuiltIns[ID] {
  const found = globalThis.process?.getBuiltinModule?.(id);
  if (found !== undefined) return found as BuiltIns[ID];
  throw new DriftkeelError(
    "FILE_FAILED",
    `Expected ${id} for files, got a page, which has none; keep a MemoryStore or an ` +
      "IndexedDbStore instead.",
  );
}

/** As path.join of Node. */
export function join(...names: string[]): string {
  return builtIn("node:path").join(...names);
}

/** As path.resolve of Node. */
export function resolve(path: string): string {
  return builtIn("node:path").resolve(path);
}

/** As path.dirname of Node. */
export function dirname(path: string): string {
  return builtIn("node:path").dirname(path);
}

/** As path.basename of Node. */
export function basename(path: string): string {
  return builtIn("node:path").basename(path);
}
