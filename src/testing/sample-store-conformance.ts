// What every store of samples keeps to, as checks that run in any test framework.

import type { Moment, Sample, SampleStore } from "../index.ts";
import type { AsyncConformanceCheck } from "./conformance-check.ts";
import { expectCode, expectEqual } from "./expectations.ts";

/** The store of samples under test. */
export interface SampleStoreSubject {
  name: string;
  /** An open store under a name, for at most `capacity` samples: a new one is empty. */
  open(name: string, capacity: number): Promise<SampleStore>;
  /** Whether a store that was closed and opened again under its name holds what it held. */
  isPersistent: boolean;
}

/**
 * The checks of a store of samples, to be handed to any test framework:
 *
 *     for (const { name, run } of sampleStoreConformance(subject)) it(name, run);
 *
 * Each check opens a store under a name of its own and closes it.
 */
export function sampleStoreConformance(subject: SampleStoreSubject): AsyncConformanceCheck[] {
  return Object.entries(rules).map(([rule, check], index) => ({
    name: `${subject.name} ${rule}`,
    run: () => check(subject, `rule-${index}`),
  }));
}

const rules: Record<string, (subject: SampleStoreSubject, name: string) => Promise<void>> = {
  "keeps every bit and every field": usingSamples(checkFields),
  "gives a range [start, end) in the order of time": usingSamples(checkRange),
  "gives the samples of a range by pages": usingSamples(checkPages),
  "goes on behind the last page when samples come or go": usingSamples(checkChangingPages),
  "refuses pages of a size that is none": usingSamples(checkPageSizes),
  "refuses the next page after close": usingSamples(checkClosedPages),
  "counts the samples of a range": usingSamples(checkCountRange),
  "counts and prunes": usingSamples(checkPrune),
  "keeps all samples of a call or none": usingSamples(checkAllOrNone),
  "shares no array with its caller": usingSamples(checkSampleCopies),
  "lets the oldest go at its capacity": usingSamples(checkCapacity),
  "refuses borders that are no moments": usingSamples(checkBorders),
  "refuses everything after close, but for another close": usingSamples(checkSamplesClosed),
  "holds what it held when it is opened again": checkSamplesReopened,
};

const CAPACITY = 100;
const FOREVER = 8.64e15;

function usingSamples(check: (store: SampleStore) => Promise<void>) {
  return async (subject: SampleStoreSubject, name: string): Promise<void> => {
    const store = await subject.open(name, CAPACITY);
    try {
      await check(store);
    } finally {
      await store.close();
    }
  };
}

const sampleAt = (timeMs: number, value = timeMs): Sample => ({
  input: Float32Array.of(value),
  label: Float32Array.of(1),
  timestamp: new Date(timeMs),
});

const valuesOf = (samples: Sample[]): (number | undefined)[] =>
  samples.map(({ input }) => input[0]);

async function checkFields(store: SampleStore): Promise<void> {
  const full: Sample = {
    input: Float32Array.of(-0, 1e-45, 3.4028234663852886e38, 0.1),
    label: Float32Array.of(-1, 2),
    weight: 0.1,
    timestamp: new Date(1_234_567_890_123),
    id: "ünï 'quoted' \0 \ud800",
    origin: "replay",
  };
  const plain = { input: Float32Array.of(1), label: Float32Array.of(2) };
  await store.append([full, plain, sampleAt(-FOREVER)]);
  await store.append([]);
  const [first, second, third] = await store.range(-FOREVER, FOREVER);
  expectEqual(first, sampleAt(-FOREVER));
  expectEqual(second, full);
  expectEqual(Object.is(second?.input[0], -0), true);
  // Without a time stamp it got the present time.
  expectEqual({ ...third, timestamp: undefined }, { ...plain, timestamp: undefined });
  expectEqual(third?.timestamp instanceof Date, true);
}

async function checkRange(store: SampleStore): Promise<void> {
  await store.append([sampleAt(30), sampleAt(10, 1), sampleAt(20)]);
  await store.append([sampleAt(10, 2), sampleAt(5), sampleAt(10, 3)]);
  expectEqual(valuesOf(await store.range(0, 100)), [5, 1, 2, 3, 20, 30]);
  expectEqual(valuesOf(await store.range(10, 20)), [1, 2, 3]);
  expectEqual(valuesOf(await store.range(new Date(10), new Date(21))), [1, 2, 3, 20]);
  expectEqual(valuesOf(await store.range(10.5, 30.5)), [20, 30]);
  expectEqual(await store.range(20, 20), []);
  expectEqual(await store.range(30, 10), []);
  expectEqual(await store.range(31, 1000), []);
}

/** Seven samples of [10, 40), five of them of one time, and one more on either side. */
async function appendWindow(store: SampleStore): Promise<void> {
  await store.append([sampleAt(30, 7), sampleAt(9), sampleAt(20, 2), sampleAt(40)]);
  await store.append([sampleAt(20, 3), sampleAt(10, 1), sampleAt(20, 4), sampleAt(20, 5)]);
  await store.append([sampleAt(20, 6)]);
}

async function valuesOfPages(pages: AsyncIterable<Sample[]>): Promise<(number | undefined)[][]> {
  const values: (number | undefined)[][] = [];
  for await (const page of pages) values.push(valuesOf(page));
  return values;
}

async function checkPages(store: SampleStore): Promise<void> {
  await appendWindow(store);
  const pages = (start: Moment, end: Moment, pageSize?: number) =>
    valuesOfPages(store.pages(start, end, pageSize === undefined ? undefined : { pageSize }));
  const whole = [1, 2, 3, 4, 5, 6, 7];
  expectEqual(
    await pages(10, 40, 1),
    whole.map((value) => [value]),
  );
  expectEqual(await pages(10, 40, 3), [[1, 2, 3], [4, 5, 6], [7]]);
  expectEqual(await pages(10, 40, 6), [[1, 2, 3, 4, 5, 6], [7]]);
  expectEqual(await pages(10, 40, 7), [whole]);
  expectEqual(await pages(10, 40, 8), [whole]);
  expectEqual(await pages(new Date(10), new Date(40)), [whole]);
  expectEqual(await pages(10.5, 30, 4), [[2, 3, 4, 5], [6]]);
  for (const [start, end] of [
    [20, 20],
    [30, 10],
    [31, 40],
    [41, 99],
  ] as const) {
    expectEqual(await pages(start, end, 1), []);
  }
  for await (const page of store.pages(-FOREVER, FOREVER)) {
    expectEqual(page, await store.range(-FOREVER, FOREVER));
  }
}

async function checkChangingPages(store: SampleStore): Promise<void> {
  await store.append([1, 2, 3, 4, 5, 6].map((timeMs) => sampleAt(timeMs)));
  const pages = store.pages(0, 100, { pageSize: 2 })[Symbol.asyncIterator]();
  const next = async () => valuesOf((await pages.next()).value ?? []);
  expectEqual(await next(), [1, 2]);
  await store.append([sampleAt(1, 10), sampleAt(2, 20)]);
  expectEqual(await next(), [20, 3]);
  await store.prune(6);
  await store.append([sampleAt(3, 30), sampleAt(7)]);
  expectEqual(await next(), [30, 6]);
  expectEqual(await next(), [7]);
  expectEqual((await pages.next()).done, true);
}

async function checkPageSizes(store: SampleStore): Promise<void> {
  await store.append([sampleAt(1)]);
  const read = (options: unknown) => async () =>
    valuesOfPages(store.pages(0, 9, options as { pageSize?: number }));
  for (const pageSize of [0, -1, 1.5, Number.NaN, 100_001, "1", null]) {
    await expectCode("OPTION_INVALID", read({ pageSize }));
  }
  await expectCode("OPTION_INVALID", read(1));
  await expectCode("OPTION_UNKNOWN", read({ size: 1 }));
  expectEqual(await read({ pageSize: 100_000 })(), [[1]]);
}

async function checkClosedPages(store: SampleStore): Promise<void> {
  await store.append([1, 2, 3].map((timeMs) => sampleAt(timeMs)));
  const pages = store.pages(0, 9, { pageSize: 1 })[Symbol.asyncIterator]();
  expectEqual(valuesOf((await pages.next()).value ?? []), [1]);
  await store.close();
  await expectCode("STORE_CLOSED", () => pages.next());
}

async function checkCountRange(store: SampleStore): Promise<void> {
  expectEqual(await store.countRange(-FOREVER, FOREVER), 0);
  await appendWindow(store);
  expectEqual(await store.countRange(10, 40), 7);
  expectEqual(await store.countRange(new Date(10), new Date(20)), 1);
  expectEqual(await store.countRange(19.5, 20.5), 5);
  expectEqual(await store.countRange(20, 20), 0);
  expectEqual(await store.countRange(40, 10), 0);
  await store.prune(20);
  expectEqual(await store.countRange(-FOREVER, FOREVER), 7);
}

async function checkPrune(store: SampleStore): Promise<void> {
  expectEqual(await store.count(), 0);
  await store.append([3, 1, 2, 2].map((timeMs) => sampleAt(timeMs)));
  expectEqual(await store.count(), 4);
  expectEqual(await store.prune(2), 1);
  expectEqual(await store.prune(2), 0);
  expectEqual(valuesOf(await store.range(0, 9)), [2, 2, 3]);
  expectEqual(await store.prune(new Date(9)), 3);
  expectEqual(await store.count(), 0);
}

async function checkAllOrNone(store: SampleStore): Promise<void> {
  const bad: [string, unknown][] = [
    ["VALUE_NOT_FINITE", sampleAt(1, Number.NaN)],
    ["SAMPLE_QUARANTINED", { ...sampleAt(1), origin: "benchmark" }],
    ["DATA_EMPTY", { ...sampleAt(1), input: new Float32Array(0) }],
    ["ARGUMENT_RANGE", { ...sampleAt(1), timestamp: new Date(Number.NaN) }],
    ["ARGUMENT_TYPE", { ...sampleAt(1), label: [1] }],
    ["ARGUMENT_TYPE", null],
  ];
  for (const [code, sample] of bad) {
    await expectCode(code, () => store.append([sampleAt(1), sample as Sample]));
  }
  await expectCode("ARGUMENT_TYPE", () => store.append("samples" as unknown as Sample[]));
  expectEqual(await store.count(), 0);
}

async function checkSampleCopies(store: SampleStore): Promise<void> {
  const sample = sampleAt(1);
  const appending = store.append([sample]);
  sample.input.fill(9);
  sample.timestamp?.setTime(9);
  await appending;
  const [read] = await store.range(0, 5);
  expectEqual(read, sampleAt(1));
  read?.input.fill(9);
  read?.timestamp?.setTime(9);
  const end = new Date(5);
  const pages = store.pages(0, end)[Symbol.asyncIterator]();
  end.setTime(0);
  const page = (await pages.next()).value ?? [];
  expectEqual(page, [sampleAt(1)]);
  page[0]?.input.fill(9);
  page[0]?.timestamp?.setTime(9);
  expectEqual(await store.range(0, 5), [sampleAt(1)]);
}

async function checkCapacity(store: SampleStore): Promise<void> {
  const times = Array.from({ length: CAPACITY }, (_, index) => index + 1);
  await store.append(times.map((timeMs) => sampleAt(timeMs)));
  expectEqual(await store.count(), CAPACITY);
  await store.append([sampleAt(CAPACITY + 1), sampleAt(0)]);
  expectEqual(await store.count(), CAPACITY);
  expectEqual(valuesOf(await store.range(0, 4)), [2, 3]);
}

async function checkBorders(store: SampleStore): Promise<void> {
  for (const border of [Number.NaN, Infinity, FOREVER + 1, new Date(Number.NaN)]) {
    await expectCode("ARGUMENT_RANGE", () => store.range(border, 1));
    await expectCode("ARGUMENT_RANGE", () => store.range(1, border));
    await expectCode("ARGUMENT_RANGE", () => store.countRange(border, 1));
    await expectCode("ARGUMENT_RANGE", () => store.countRange(1, border));
    await expectCode("ARGUMENT_RANGE", async () => valuesOfPages(store.pages(border, 1)));
    await expectCode("ARGUMENT_RANGE", async () => valuesOfPages(store.pages(1, border)));
    await expectCode("ARGUMENT_RANGE", () => store.prune(border));
  }
  const text = "1" as unknown as number;
  await expectCode("ARGUMENT_TYPE", () => store.range(text, 1));
  await expectCode("ARGUMENT_TYPE", () => store.countRange(text, 1));
  await expectCode("ARGUMENT_TYPE", async () => valuesOfPages(store.pages(1, text)));
}

async function checkSamplesClosed(store: SampleStore): Promise<void> {
  await store.close();
  await store.close();
  await expectCode("STORE_CLOSED", () => store.append([sampleAt(1)]));
  await expectCode("STORE_CLOSED", () => store.range(0, 1));
  await expectCode("STORE_CLOSED", () => valuesOfPages(store.pages(0, 1)));
  await expectCode("STORE_CLOSED", () => store.count());
  await expectCode("STORE_CLOSED", () => store.countRange(0, 1));
  await expectCode("STORE_CLOSED", () => store.prune(1));
}

async function checkSamplesReopened(subject: SampleStoreSubject, name: string): Promise<void> {
  const before = await subject.open(name, CAPACITY);
  await before.append([sampleAt(2), sampleAt(1)]);
  await before.close();
  const after = await subject.open(name, CAPACITY);
  const values = valuesOf(await after.range(0, 9));
  await after.close();
  expectEqual(values, subject.isPersistent ? [1, 2] : []);
}
