// What every store of bytes keeps to, as checks that run in any test framework.

import type { Store } from "../index.ts";
import type { AsyncConformanceCheck } from "./conformance-check.ts";
import { expectCode, expectEqual } from "./expectations.ts";

/** The store of bytes under test. */
export interface StoreSubject {
  name: string;
  /** An open store under a name: a new one is empty. */
  open(name: string): Promise<Store>;
  /** Whether a store that was closed and opened again under its name holds what it held. */
  isPersistent: boolean;
}

/**
 * The checks of a store of bytes, to be handed to any test framework:
 *
 *     for (const { name, run } of storeConformance(subject)) it(name, run);
 *
 * Each check opens a store under a name of its own and closes it.
 */
export function storeConformance(subject: StoreSubject): AsyncConformanceCheck[] {
  return Object.entries(rules).map(([rule, check], index) => ({
    name: `${subject.name} ${rule}`,
    run: () => check(subject, `rule-${index}`),
  }));
}

const rules: Record<string, (subject: StoreSubject, name: string) => Promise<void>> = {
  "gives back what was written, and undefined otherwise": using(checkReadBack),
  "replaces, and keeps keys apart": using(checkReplace),
  "shares no array with its caller": using(checkCopies),
  "takes the part of a buffer that a view shows": using(checkViews),
  "lists keys in order, by prefix": using(checkList),
  "removes, and forgives removing what is absent": using(checkRemove),
  "refuses what is no key, and what are no bytes": using(checkRefused),
  "takes effect in the order of the calls": using(checkOrder),
  "holds a value of 8 MiB": using(checkLarge),
  "refuses everything after close, but for another close": using(checkClosed),
  "holds what it held when it is opened again": checkReopened,
};

function using(check: (store: Store) => Promise<void>) {
  return async (subject: StoreSubject, name: string): Promise<void> => {
    const store = await subject.open(name);
    try {
      await check(store);
    } finally {
      await store.close();
    }
  };
}

const bytesOf = (...bytes: number[]): Uint8Array => Uint8Array.of(...bytes);

async function checkReadBack(store: Store): Promise<void> {
  expectEqual(await store.read("absent"), undefined);
  expectEqual(await store.list(), []);
  for (const value of [bytesOf(), bytesOf(0), bytesOf(1, 2, 255)]) {
    await store.write("folder/a.bin", value);
    expectEqual(await store.read("folder/a.bin"), value);
  }
}

async function checkReplace(store: Store): Promise<void> {
  const keys = ["a", "a.b", "b/a", "b/b", "c/d/e/f", "__proto__", "constructor"];
  for (const [index, key] of keys.entries()) await store.write(key, bytesOf(index, index));
  for (const [index, key] of keys.entries()) await store.write(key, bytesOf(index));
  for (const [index, key] of keys.entries()) expectEqual(await store.read(key), bytesOf(index));
}

async function checkCopies(store: Store): Promise<void> {
  const value = bytesOf(1, 2, 3);
  const writing = store.write("a", value);
  value.fill(9);
  await writing;
  const read = await store.read("a");
  expectEqual(read, bytesOf(1, 2, 3));
  read?.fill(9);
  expectEqual(await store.read("a"), bytesOf(1, 2, 3));
}

async function checkViews(store: Store): Promise<void> {
  await store.write("a", bytesOf(0, 1, 2, 3, 4, 5).subarray(2, 4));
  expectEqual(await store.read("a"), bytesOf(2, 3));
  const lender = Lender.of(1, 2);
  await store.write("a", lender);
  lender.fill(9);
  expectEqual(await store.read("a"), bytesOf(1, 2));
}

/** Bytes whose slice shares memory, as that of Node's Buffer does. */
class Lender extends Uint8Array {
  override slice(start?: number, end?: number): Uint8Array<ArrayBuffer> {
    return super.subarray(start, end) as Uint8Array<ArrayBuffer>;
  }
}

async function checkList(store: Store): Promise<void> {
  for (const key of ["b", "a/2", "a/10", "a-b", "a/1/x", "ab"]) await store.write(key, bytesOf(1));
  expectEqual(await store.list(), ["a-b", "a/1/x", "a/10", "a/2", "ab", "b"]);
  expectEqual(await store.list("a/"), ["a/1/x", "a/10", "a/2"]);
  expectEqual(await store.list("a/1"), ["a/1/x", "a/10"]);
  expectEqual(await store.list("c"), []);
}

async function checkRemove(store: Store): Promise<void> {
  for (const key of ["f/a", "f/b", "g/h/i"]) await store.write(key, bytesOf(1));
  await store.remove("f/a");
  await store.remove("f/a");
  await store.remove("absent/entirely");
  await store.remove("g/h/i");
  expectEqual(await store.read("f/a"), undefined);
  expectEqual(await store.list(), ["f/b"]);
  await store.write("g/h/i", bytesOf(2));
  expectEqual(await store.read("g/h/i"), bytesOf(2));
}

async function checkRefused(store: Store): Promise<void> {
  const deep = Array.from({ length: 9 }, () => "a").join("/");
  const bad = ["", ".", "..", "../a", "/a", "a/", "a//b", "a/../b", ".a", "a/.b", "a\\b", "a b"];
  const keys: unknown[] = [...bad, "ä", "CON", "x/nul.txt", "a".repeat(161), deep, 1, null];
  for (const key of keys as string[]) {
    await expectCode("ID_INVALID", () => store.read(key));
    await expectCode("ID_INVALID", () => store.write(key, bytesOf(1)));
    await expectCode("ID_INVALID", () => store.remove(key));
  }
  const values: unknown[] = ["text", [1], undefined, new ArrayBuffer(1), new Float32Array(1)];
  for (const value of values as Uint8Array[]) {
    await expectCode("ARGUMENT_TYPE", () => store.write("a", value));
  }
  expectEqual(await store.list(), []);
  await store.write("a".repeat(160), bytesOf(1));
  await store.write(deep.slice(2), bytesOf(1));
}

async function checkOrder(store: Store): Promise<void> {
  const large = new Uint8Array(1_000_000).fill(7);
  const calls = [
    store.write("a", large),
    store.write("a", bytesOf(1)),
    store.read("a"),
    store.remove("a"),
    store.read("a"),
    store.write("a", bytesOf(2)),
    store.list(),
  ] as const;
  const [, , first, , second, , keys] = await Promise.all(calls);
  expectEqual([first, second, keys], [bytesOf(1), undefined, ["a"]]);
  expectEqual(await store.read("a"), bytesOf(2));
}

async function checkLarge(store: Store): Promise<void> {
  const value = new Uint8Array(8 * 2 ** 20).map((_, index) => index % 251);
  await store.write("large", value);
  const read = await store.read("large");
  expectEqual(read?.length, value.length);
  expectEqual(
    read?.every((byte, index) => byte === value[index]),
    true,
  );
}

async function checkClosed(store: Store): Promise<void> {
  await store.write("a", bytesOf(1));
  await store.close();
  await store.close();
  await expectCode("STORE_CLOSED", () => store.read("a"));
  await expectCode("STORE_CLOSED", () => store.write("a", bytesOf(1)));
  await expectCode("STORE_CLOSED", () => store.list());
  await expectCode("STORE_CLOSED", () => store.remove("a"));
}

async function checkReopened(subject: StoreSubject, name: string): Promise<void> {
  const before = await subject.open(name);
  await before.write("a/b", bytesOf(1));
  await before.write("c", bytesOf(2));
  await before.remove("c");
  await before.close();
  const after = await subject.open(name);
  const keys = await after.list();
  const value = await after.read("a/b");
  await after.close();
  expectEqual([keys, value], subject.isPersistent ? [["a/b"], bytesOf(1)] : [[], undefined]);
}
