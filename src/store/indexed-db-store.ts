// A store in the browser's IndexedDB: what is left when the page is gone.

import * as z from "zod/mini";
import { DriftkeelError } from "../errors.ts";
import { parseOptions } from "../options.ts";
import { checkId } from "./ids.ts";
import { checkBytes, checkKey, type Store } from "./store.ts";

const TABLE = "bytes";
const optionsSchema = z.object({ name: z.string() });

function failed(what: string, cause: unknown): DriftkeelError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const message =
    `Expected to be able to ${what} in IndexedDB: ${reason}. Free some of the site's storage or ` +
    "allow it to keep data.";
  return new DriftkeelError("FILE_FAILED", message, { cause });
}

function resultOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function openDatabase(name: string): Promise<IDBDatabase> {
  const request = indexedDB.open(name, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(TABLE);
  return resultOf(request);
}

/**
 * Holds the writer's lock of a database from the first call of the result to the second. Where the
 * browser has no Web Locks (pages that are not secure) nobody is kept out.
 */
async function lockDatabase(name: string): Promise<() => void> {
  const locks = globalThis.navigator?.locks;
  if (locks === undefined) return () => {};
  return new Promise((resolve, reject) => {
    const request = locks.request(`driftkeel ${name}`, { ifAvailable: true }, (lock) => {
      if (lock !== null) return new Promise<void>((release) => resolve(() => release()));
      reject(
        new DriftkeelError(
          "STORE_LOCKED",
          `Expected to be the only writer of ${name}, got a lock of another page. Close it.`,
        ),
      );
      return undefined;
    });
    request.catch(reject);
  });
}

/** Bytes in the database `name` of the page's origin; one page at a time. */
export class IndexedDbStore implements Store {
  readonly #database: IDBDatabase;
  readonly #unlock: () => void;
  #isClosed = false;

  private constructor(database: IDBDatabase, unlock: () => void) {
    this.#database = database;
    this.#unlock = unlock;
  }

  /** Throws OPTION_INVALID, OPTION_UNKNOWN, ID_INVALID, STORE_LOCKED, FILE_FAILED. */
  static async open(options: { name: string }): Promise<IndexedDbStore> {
    const { name } = parseOptions("IndexedDbStore", optionsSchema, options);
    checkId('IndexedDbStore option "name"', name);
    const unlock = await lockDatabase(name);
    try {
      return new IndexedDbStore(await openDatabase(name), unlock);
    } catch (cause) {
      unlock();
      throw failed("open a database", cause);
    }
  }

  async read(key: string): Promise<Uint8Array | undefined> {
    checkKey(key);
    const bytes = await this.#run("readonly", (table) => table.get(key));
    return bytes as Uint8Array | undefined;
  }

  async write(key: string, bytes: Uint8Array): Promise<void> {
    checkKey(key);
    checkBytes(bytes);
    const copy = new Uint8Array(bytes); // a clone of a view would take its whole buffer along
    await this.#run("readwrite", (table) => table.put(copy, key));
  }

  async list(prefix = ""): Promise<string[]> {
    const keys = (await this.#run("readonly", (table) => table.getAllKeys())) as string[];
    return keys.filter((key) => key.startsWith(prefix)).sort();
  }

  async remove(key: string): Promise<void> {
    checkKey(key);
    await this.#run("readwrite", (table) => table.delete(key));
  }

  /** Transactions that have begun end by themselves. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#database.close();
    this.#unlock();
  }

  /** One transaction, which the database runs after those before it; durable when it resolves. */
  async #run<T>(
    mode: IDBTransactionMode,
    use: (table: IDBObjectStore) => IDBRequest<T>,
  ): Promise<T> {
    if (this.#isClosed) {
      const message = "Expected an open IndexedDbStore, got a closed one; open it again.";
      throw new DriftkeelError("STORE_CLOSED", message);
    }
    try {
      const transaction = this.#database.transaction(TABLE, mode, { durability: "strict" });
      const ended = new Promise<void>((resolve, reject) => {
        transaction.oncomplete = () => resolve();
        transaction.onabort = () => reject(transaction.error);
      });
      const [result] = await Promise.all([resultOf(use(transaction.objectStore(TABLE))), ended]);
      return result;
    } catch (cause) {
      throw failed(mode === "readonly" ? "read" : "write", cause);
    }
  }
}
