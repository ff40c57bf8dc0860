// A store that lasts as long as its object: for tests, and for pages that keep nothing.

import { DriftkeelError } from "../errors.ts";
import { checkBytes, checkKey, type Store } from "./store.ts";

/** Bytes in a map. */
export class MemoryStore implements Store {
  readonly #bytes = new Map<string, Uint8Array>();
  #isClosed = false;

  async read(key: string): Promise<Uint8Array | undefined> {
    this.#checkOpen();
    checkKey(key);
    return this.#bytes.get(key)?.slice();
  }

  async write(key: string, bytes: Uint8Array): Promise<void> {
    this.#checkOpen();
    checkKey(key);
    checkBytes(bytes);
    this.#bytes.set(key, new Uint8Array(bytes)); // a Buffer's slice is no copy
  }

  async list(prefix = ""): Promise<string[]> {
    this.#checkOpen();
    return [...this.#bytes.keys()].filter((key) => key.startsWith(prefix)).sort();
  }

  async remove(key: string): Promise<void> {
    this.#checkOpen();
    checkKey(key);
    this.#bytes.delete(key);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#bytes.clear();
  }

  #checkOpen(): void {
    if (!this.#isClosed) return;
    const message = "Expected an open MemoryStore, got a closed one; make another.";
    throw new DriftkeelError("STORE_CLOSED", message);
  }
}
