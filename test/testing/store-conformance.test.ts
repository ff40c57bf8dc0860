// The suite for stores of bytes fails a store that breaks one of its rules, at that rule.

import { describe, expect, it } from "vitest";
import { MemoryStore } from "../../src/index.ts";
import type { Store } from "../../src/store/store.ts";
import { storeConformance } from "../../src/testing/index.ts";
import { failuresOf } from "./failures-of.ts";

/** Contents under the names that stores were opened with: what a disk would be. */
type Shelf = Map<string, MemoryStore>;

/** An honest store that keeps what it holds on a shelf. */
class ShelfStore implements Store {
  #isClosed = false;
  protected readonly held: MemoryStore;
  constructor(held: MemoryStore) {
    this.held = held;
  }
  protected checkOpen(): void {
    if (this.#isClosed) throw Object.assign(new Error("closed"), { code: "STORE_CLOSED" });
  }
  async read(key: string): Promise<Uint8Array | undefined> {
    this.checkOpen();
    return this.held.read(key);
  }
  async write(key: string, bytes: Uint8Array): Promise<void> {
    this.checkOpen();
    return this.held.write(key, bytes);
  }
  async list(prefix = ""): Promise<string[]> {
    this.checkOpen();
    return this.held.list(prefix);
  }
  async remove(key: string): Promise<void> {
    this.checkOpen();
    return this.held.remove(key);
  }
  async close(): Promise<void> {
    this.#isClosed = true;
  }
}

type Break = (held: MemoryStore) => Store;

async function brokenRules(open: Break): Promise<string[]> {
  const shelf: Shelf = new Map();
  const subject = {
    name: "Mine",
    isPersistent: true,
    open: async (name: string) => {
      const held = shelf.get(name) ?? new MemoryStore();
      shelf.set(name, held);
      return open(held);
    },
  };
  return (await failuresOf(storeConformance(subject))).map((name) => name.replace("Mine ", ""));
}

const wrong: [string, Break, string][] = [
  [
    "loses its last byte",
    (held) =>
      new (class extends ShelfStore {
        override write = (key: string, bytes: Uint8Array) =>
          super.write(key, bytes instanceof Uint8Array ? bytes.slice(0, -1) : bytes);
      })(held),
    "gives back what was written, and undefined otherwise",
  ],
  [
    "mixes keys that differ behind a dot",
    (held) =>
      new (class extends ShelfStore {
        override write = (key: string, bytes: Uint8Array) =>
          super.write(key === "a.b" ? "a" : key, bytes);
      })(held),
    "replaces, and keeps keys apart",
  ],
  [
    "keeps the caller's array",
    (held) =>
      new (class extends ShelfStore {
        override write = async (key: string, bytes: Uint8Array) => {
          await null; // the caller goes on before the copy is made
          return super.write(key, bytes);
        };
      })(held),
    "shares no array with its caller",
  ],
  [
    "takes the whole buffer of a view",
    (held) =>
      new (class extends ShelfStore {
        override write = (key: string, bytes: Uint8Array) =>
          super.write(key, bytes instanceof Uint8Array ? new Uint8Array(bytes.buffer) : bytes);
      })(held),
    "takes the part of a buffer that a view shows",
  ],
  [
    "lists in the order of writing",
    (held) =>
      new (class extends ShelfStore {
        override list = async (prefix?: string) => (await super.list(prefix)).reverse();
      })(held),
    "lists keys in order, by prefix",
  ],
  [
    "complains about removing what is absent",
    (held) =>
      new (class extends ShelfStore {
        override remove = async (key: string) => {
          if (key.startsWith("absent")) throw new Error("no such key");
          return super.remove(key);
        };
      })(held),
    "removes, and forgives removing what is absent",
  ],
  [
    "lets a key leave its folder",
    (held) =>
      new (class extends ShelfStore {
        override read = async (key: string) => (key === "../a" ? undefined : super.read(key));
      })(held),
    "refuses what is no key, and what are no bytes",
  ],
  [
    "lets a small write overtake a large one",
    (held) =>
      new (class extends ShelfStore {
        override write = async (key: string, bytes: Uint8Array) => {
          const copy = bytes instanceof Uint8Array ? new Uint8Array(bytes) : bytes;
          if (bytes?.length > 100_000) await new Promise((resolve) => setImmediate(resolve));
          return super.write(key, copy);
        };
      })(held),
    "takes effect in the order of the calls",
  ],
  [
    "stops at 1 MiB",
    (held) =>
      new (class extends ShelfStore {
        override write = (key: string, bytes: Uint8Array) =>
          super.write(key, bytes instanceof Uint8Array ? bytes.slice(0, 2 ** 20) : bytes);
      })(held),
    "holds a value of 8 MiB",
  ],
  [
    "goes on after close",
    (held) =>
      new (class extends ShelfStore {
        override close = async () => {};
      })(held),
    "refuses everything after close, but for another close",
  ],
  [
    "forgets at close what it removed",
    (held) =>
      new (class extends ShelfStore {
        override remove = async (key: string) =>
          key === "c" ? this.checkOpen() : super.remove(key);
      })(held),
    "holds what it held when it is opened again",
  ],
];

describe("the suite for stores", () => {
  it("passes a store that keeps the rules", async () => {
    expect(await brokenRules((held) => new ShelfStore(held))).toEqual([]);
  });

  it.each(wrong)("fails one that %s", async (_, open, rule) => {
    expect(await brokenRules(open)).toContain(rule);
  });

  it("has a wrong store for each of its rules", () => {
    const subject = { name: "Mine", isPersistent: false, open: async () => new MemoryStore() };
    const rules = storeConformance(subject).map(({ name }) => name.replace("Mine ", ""));
    expect(wrong.map(([, , rule]) => rule)).toEqual(rules);
  });
});
