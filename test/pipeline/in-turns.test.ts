// Long loops leave the event loop its turns, and short ones take none.

import { expect, it } from "vitest";
import { inTurns } from "../../src/pipeline/in-turns.ts";
import { turnsDuring } from "../event-loop-turns.ts";

/** Holds the thread. */
function hold(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end; );
}

it("does the items in order, with turns between slices", async () => {
  const done: number[] = [];
  const turns = await turnsDuring(() =>
    inTurns([1, 2, 3, 4, 5], (item) => {
      done.push(item);
      hold(6);
    }),
  );
  expect(done).toEqual([1, 2, 3, 4, 5]);
  expect(turns).toBeGreaterThanOrEqual(4);
});

it("takes no turn for what is done at once", async () => {
  expect(await turnsDuring(() => inTurns([1, 2, 3], () => {}))).toBe(0);
  expect(await turnsDuring(() => inTurns([], () => {}))).toBe(0);
});

it("stops at what throws, and rejects with it", async () => {
  const done: number[] = [];
  const failing = inTurns([1, 2, 3], (item) => {
    done.push(item);
    if (item === 2) throw new Error("two");
  });
  await expect(failing).rejects.toThrow("two");
  expect(done).toEqual([1, 2]);
});
