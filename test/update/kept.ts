// Owners of core memory that a test makes: given back when the test has ended.

import { afterEach } from "vitest";

const made: { dispose(): void }[] = [];
afterEach(() => {
  for (const owner of made.splice(0)) owner.dispose();
});

/** `owner`, which is disposed of after the test. */
export function kept<T extends { dispose(): void }>(owner: T): T {
  made.push(owner);
  return owner;
}
