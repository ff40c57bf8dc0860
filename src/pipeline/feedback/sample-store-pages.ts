// Reads the samples of a window page by page, so that its length does not matter.

import * as z from "zod/mini";
import * as platform from "#platform";
import type { Moment } from "../../clock.ts";
import type { Sample } from "../../model/sample.ts";
import { parseOptions, positiveInteger } from "../../options.ts";
import { borderMs, type StampedSample } from "./sample-store.ts";

/** Bounds what a page holds of memory and of its thread's time. */
const MAX_PAGE_SIZE = 100_000;
const optionsSchema = z.object({
  pageSize: z._default(
    positiveInteger.check(z.maximum(MAX_PAGE_SIZE, `at most ${MAX_PAGE_SIZE}`)),
    1000,
  ),
});

/** A sample's place in the order of a store: no two share it, and it is never given again. */
export interface SampleKey {
  timeMs: number;
  /** Grows with every sample appended; at least 1. */
  position: number;
}

/** A sample and its place. */
export type PlacedSample = StampedSample & SampleKey;

/** The first `limit` samples behind `after` and before `endMs`, in order. */
export type ReadPage = (after: SampleKey, endMs: number, limit: number) => Promise<PlacedSample[]>;

/**
 * What `SampleStore.pages` returns, over a store's own way to read one page. Arguments are checked
 * at once and not looked at again; each page is read when it is asked for.
 *
 * Throws ARGUMENT_TYPE, ARGUMENT_RANGE, OPTION_INVALID, OPTION_UNKNOWN.
 */
export function pagesOf(
  read: ReadPage,
  start: Moment,
  end: Moment,
  options: { pageSize?: number } | undefined,
): AsyncIterable<Sample[]> {
  const first = { timeMs: borderMs("start", start), position: 0 };
  const endMs = borderMs("end", end);
  const { pageSize } = parseOptions("SampleStore.pages", optionsSchema, options);
  return turnPages(read, first, endMs, pageSize);
}

async function* turnPages(
  read: ReadPage,
  first: SampleKey,
  endMs: number,
  pageSize: number,
): AsyncGenerator<Sample[], void, undefined> {
  let after = first;
  for (;;) {
    const page = await read(after, endMs, pageSize);
    const last = page.at(-1);
    if (last) yield page.map(({ sample }) => sample);
    if (!last || page.length < pageSize) return;
    after = { timeMs: last.timeMs, position: last.position };
    await new Promise<void>((resolve) => platform.afterEvents(resolve));
  }
}
