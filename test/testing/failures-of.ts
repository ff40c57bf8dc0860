// Which rules of a conformance suite a subject breaks.

import type { AsyncConformanceCheck } from "../../src/testing/index.ts";

/** The names of the checks that fail, in their order. */
export async function failuresOf(checks: readonly AsyncConformanceCheck[]): Promise<string[]> {
  const names: string[] = [];
  for (const { name, run } of checks) await run().catch(() => names.push(name));
  return names;
}
