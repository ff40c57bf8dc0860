// The suite for stores of samples fails a store that breaks one of its rules, at that rule.

import { describe, expect, it } from "vitest";
import { MemorySampleStore, type Sample, type SampleStore } from "../../src/index.ts";
import { type SampleStoreSubject, sampleStoreConformance } from "../../src/testing/index.ts";
import { failuresOf } from "./failures-of.ts";

type Break = (store: MemorySampleStore) => Partial<SampleStore>;

/** A store whose methods are those of an honest one, but for some. */
function broken(store: MemorySampleStore, change: Break): SampleStore {
  return {
    append: (samples) => store.append(samples),
    range: (from, to) => store.range(from, to),
    pages: (from, to, options) => store.pages(from, to, options),
    count: () => store.count(),
    countRange: (from, to) => store.countRange(from, to),
    prune: (before) => store.prune(before),
    close: () => store.close(),
    ...change(store),
  };
}

async function brokenRules(subject: Partial<SampleStoreSubject>, change: Break = () => ({})) {
  const checks = sampleStoreConformance({
    name: "Mine",
    isPersistent: false,
    open: async (_, capacity) => broken(new MemorySampleStore({ capacity }), change),
    ...subject,
  });
  return (await failuresOf(checks)).map((name) => name.replace("Mine ", ""));
}

const wrong: [string, Break, string][] = [
  [
    "rounds weights to f32",
    (store) => ({
      append: (samples) =>
        store.append(
          Array.isArray(samples)
            ? samples.map((each) =>
                each?.weight === undefined ? each : { ...each, weight: Math.fround(each.weight) },
              )
            : samples,
        ),
    }),
    "keeps every bit and every field",
  ],
  [
    "includes the end of a range",
    (store) => ({ range: (from, to) => store.range(from, typeof to === "number" ? to + 1 : to) }),
    "gives a range [start, end) in the order of time",
  ],
  [
    "loses samples of one time at the border of a page",
    (store) => ({
      async *pages(from, to, options) {
        let lastMs = Number.NEGATIVE_INFINITY;
        for await (const page of store.pages(from, to, options)) {
          const later = page.filter(({ timestamp }) => Number(timestamp) > lastMs);
          lastMs = Number(page.at(-1)?.timestamp);
          if (later.length > 0) yield later;
        }
      },
    }),
    "gives the samples of a range by pages",
  ],
  [
    "ends with an empty page",
    (store) => ({
      async *pages(from, to, options) {
        yield* store.pages(from, to, options);
        yield [];
      },
    }),
    "gives the samples of a range by pages",
  ],
  [
    "goes on by the number of samples read",
    (store) => ({
      async *pages(from, to, options) {
        const { pageSize = 1000 } = options ?? {};
        for (let start = 0; ; start += pageSize) {
          const page = (await store.range(from, to)).slice(start, start + pageSize);
          if (page.length === 0) return;
          yield page;
        }
      },
    }),
    "goes on behind the last page when samples come or go",
  ],
  [
    "takes any size of a page",
    (store) => ({ pages: (from, to) => store.pages(from, to) }),
    "refuses pages of a size that is none",
  ],
  [
    "reads all pages at once",
    (store) => ({
      async *pages(from, to, options) {
        const all: Sample[][] = [];
        for await (const page of store.pages(from, to, options)) all.push(page);
        yield* all;
      },
    }),
    "refuses the next page after close",
  ],
  [
    "counts the end of a range in",
    (store) => ({ countRange: (from, to) => store.countRange(from, Number(to) + 1) }),
    "counts the samples of a range",
  ],
  [
    "counts what it pruned wrong",
    (store) => ({ prune: async (before) => (await store.prune(before)) + 1 }),
    "counts and prunes",
  ],
  [
    "keeps the samples before a bad one",
    (store) => ({
      append: async (samples: Sample[]) => {
        for (const sample of samples) await store.append([sample]);
      },
    }),
    "keeps all samples of a call or none",
  ],
  [
    "reads the caller's arrays late",
    (store) => ({
      append: async (samples) => {
        await null; // the caller goes on before the copy is made
        return store.append(samples);
      },
    }),
    "shares no array with its caller",
  ],
  [
    "counts past its capacity",
    (store) => {
      let count = 0;
      return {
        append: async (samples) => {
          await store.append(samples);
          count += samples.length;
        },
        count: async () => ((await store.count()) > 0 ? count : 0),
      };
    },
    "lets the oldest go at its capacity",
  ],
  [
    "takes a border that is no moment",
    (store) => ({
      range: async (from, to) => (Number.isNaN(Number(from)) ? [] : store.range(from, to)),
    }),
    "refuses borders that are no moments",
  ],
  [
    "goes on after close",
    () => ({ close: async () => {} }),
    "refuses everything after close, but for another close",
  ],
];

describe("the suite for stores of samples", () => {
  it("passes a store that keeps the rules", async () => {
    expect(await brokenRules({})).toEqual([]);
  });

  it.each(wrong)("fails one that %s", async (_, change, rule) => {
    expect(await brokenRules({}, change)).toContain(rule);
  });

  it("fails one that says it persists and does not", async () => {
    const rule = "holds what it held when it is opened again";
    expect(await brokenRules({ isPersistent: true })).toEqual([rule]);
  });
});
