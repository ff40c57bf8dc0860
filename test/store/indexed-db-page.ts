// The script of a page that tries storage in its browser and reports what failed.

import { builtIn } from "../../src/store/built-in.ts";
import { IndexedDbStore } from "../../src/store/indexed-db-store.ts";
import { VersionStore } from "../../src/store/version-store.ts";
import { storeConformance } from "../../src/testing/store-conformance.ts";

/** What the page saw. */
export interface IndexedDbReport {
  /** Rules of the conformance suite, and why they failed; "" when they did not. */
  outcomes: Record<string, string>;
  /** The code of what a second writer gets, and of what asks for files. */
  secondWriter: string;
  files: string;
  /** The weight of the active version after closing and opening again. */
  weight: number | undefined;
}

const codeOf = (call: () => unknown): Promise<string> =>
  Promise.resolve()
    .then(call)
    .then(
      () => "none",
      (error) => error.code ?? String(error),
    );

async function tryVersions(): Promise<number | undefined> {
  const open = async () =>
    VersionStore.open({ store: await IndexedDbStore.open({ name: "versions" }) });
  const before = await open();
  const id = await before.save({ weights: new Map([["w", Float32Array.of(0.5)]]) });
  await before.promote(id, { source: "page" });
  await before.close();
  const after = await open();
  const active = (await after.getCurrent())?.activeId ?? "none";
  return (await after.read(active)).weights.get("w")?.[0];
}

async function tryStorage(): Promise<IndexedDbReport> {
  const open = (name: string) => IndexedDbStore.open({ name });
  const outcomes: Record<string, string> = {};
  for (const { name, run } of storeConformance({ name: "a store", open, isPersistent: true })) {
    outcomes[name] = await run().then(() => "", String);
  }
  const first = await open("locked");
  const secondWriter = await codeOf(() => open("locked"));
  await first.close();
  await (await open("locked")).close();
  const files = await codeOf(() => builtIn("node:fs"));
  return { outcomes, secondWriter, files, weight: await tryVersions() };
}

declare global {
  interface Window {
    tryStorage: typeof tryStorage;
  }
}
window.tryStorage = tryStorage;
