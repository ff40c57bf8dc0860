// How fast SqliteSampleStore appends and reads, and how long one call holds the thread.
//
//     npx tsx bench/service/sample-store.ts [append|read, default both] [rows in the table ...]
//
// A hold is the largest delay of a timer of 1 ms, so up to 1 ms of it is the timer's own.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type IntervalHistogram, monitorEventLoopDelay } from "node:perf_hooks";
import { setImmediate as nextTurn, setTimeout } from "node:timers/promises";
import Table from "cli-table3";
import { type Sample, SqliteSampleStore } from "../../src/index.ts";

const BATCHES = [1, 64, 256, 1000, 4000];
const INPUTS = 8;
const FILL_ROWS = 4000;
/** Rows that a line of the table appends, and the calls it makes at least and at most. */
const LINE_ROWS = 100_000;
const [LEAST_CALLS, MOST_CALLS] = [50, 300];
/** Time for the timer that sees holds to run before and after them. */
const SETTLE_MS = 20;
const MIB = 2 ** 20;
const FOREVER = 8.64e15;

let clockMs = 0;

/** Samples of one millisecond after another. */
function samplesOf(count: number): Sample[] {
  return Array.from({ length: count }, (_, index) => ({
    input: Float32Array.from({ length: INPUTS }, (_, i) => index + i / INPUTS),
    label: Float32Array.of(index % 2),
    timestamp: new Date(clockMs++),
  }));
}

async function fill(store: SqliteSampleStore, rows: number): Promise<void> {
  for (let left = rows; left > 0; left -= FILL_ROWS) {
    await store.append(samplesOf(Math.min(left, FILL_ROWS)));
  }
}

/** What `task` gives, and the longest time that it held the thread, in ms. */
async function heldDuring<T>(task: () => Promise<T>): Promise<[T, number]> {
  const delay: IntervalHistogram = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  await setTimeout(SETTLE_MS);
  delay.reset(); // it forgets its last tick, and so needs another before the task
  await setTimeout(SETTLE_MS);
  const result = await task();
  await setTimeout(SETTLE_MS);
  delay.disable();
  return [result, delay.max / 1e6];
}

/**
 * `calls` appends of `rows` samples: the milliseconds of each, sorted, those of the processor for
 * one (they say more on a machine with other work), and the longest hold.
 */
async function timeAppends(store: SqliteSampleStore, rows: number, calls: number) {
  const times: number[] = [];
  const batches = Array.from({ length: calls }, () => samplesOf(rows));
  let cpuMs = 0;
  const [, heldMs] = await heldDuring(async () => {
    const before = process.cpuUsage();
    for (const batch of batches) {
      const start = performance.now();
      await store.append(batch);
      times.push(performance.now() - start);
      await nextTurn();
    }
    const { user, system } = process.cpuUsage(before);
    cpuMs = (user + system) / 1000 / calls;
  });
  return { times: times.sort((a, b) => a - b), cpuMs, heldMs };
}

async function measureAppends(folder: string, tableRows: number, isFull: boolean): Promise<void> {
  const path = join(folder, `append-${tableRows}-${isFull}.db`);
  const filling = await SqliteSampleStore.open({ path });
  await fill(filling, tableRows);
  await filling.close();
  const store = await SqliteSampleStore.open({ path, ...(isFull && { capacity: tableRows }) });
  const head = ["rows", "calls", "calls/s", "rows/s", "cpu ms", "median ms", "p99 ms", "held ms"];
  const table = new Table({ head, style: { head: [], border: [] } });
  for (const rows of BATCHES) {
    const calls = Math.max(LEAST_CALLS, Math.min(MOST_CALLS, Math.floor(LINE_ROWS / rows)));
    const { times, cpuMs, heldMs } = await timeAppends(store, rows, calls);
    const perSecond = (1000 * calls) / times.reduce((sum, each) => sum + each, 0);
    const at = (part: number) => times[Math.floor(part * (calls - 1))]!.toFixed(2);
    const speeds = [perSecond.toFixed(0), (perSecond * rows).toFixed(0), cpuMs.toFixed(2)];
    table.push([rows, calls, ...speeds, at(0.5), at(0.99), heldMs.toFixed(1)]);
  }
  await store.close();
  console.log(`Appends to ${tableRows} rows${isFull ? ", the store's capacity" : ""}`);
  console.log(table.toString());
}

/** Reads by `read`: rows, seconds of time and of the processor, longest hold, largest heap. */
async function measureReading(
  what: string,
  read: (look: () => void) => Promise<number>,
): Promise<string[]> {
  let peak = 0;
  const look = () => {
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    peak = Math.max(peak, heapUsed + arrayBuffers);
  };
  let [seconds, cpuSeconds] = [0, 0];
  const [rows, heldMs] = await heldDuring(async () => {
    const [start, before] = [performance.now(), process.cpuUsage()];
    const count = await read(look);
    const { user, system } = process.cpuUsage(before);
    seconds = (performance.now() - start) / 1000;
    cpuSeconds = (user + system) / 1e6;
    return count;
  });
  const times = [seconds.toFixed(2), cpuSeconds.toFixed(2), heldMs.toFixed(1)];
  return [what, `${rows}`, ...times, (peak / MIB).toFixed(0)];
}

async function measureReads(folder: string, tableRows: number): Promise<void> {
  const store = await SqliteSampleStore.open({ path: join(folder, `read-${tableRows}.db`) });
  await fill(store, tableRows);
  const head = ["read", "rows", "seconds", "cpu s", "held ms", "heap and arrays MiB"];
  const table = new Table({ head, style: { head: [], border: [] } });
  for (const pageSize of [100, 1000, 10_000]) {
    const read = async (look: () => void) => {
      let rows = 0;
      for await (const page of store.pages(-FOREVER, FOREVER, { pageSize })) {
        rows += page.length;
        look();
      }
      return rows;
    };
    table.push(await measureReading(`pages of ${pageSize}`, read));
  }
  table.push(await measureReading("countRange", () => store.countRange(-FOREVER, FOREVER)));
  const readAll = async (look: () => void) => {
    const { length } = await store.range(-FOREVER, FOREVER);
    look();
    return length;
  };
  table.push(await measureReading("range", readAll));
  await store.close();
  console.log(`Reads of ${tableRows} rows`);
  console.log(table.toString());
}

const [part, ...rest] = process.argv.slice(2);
const sizes = rest.length > 0 ? rest.map(Number) : [100_000, 1_000_000];
const folder = mkdtempSync(join(tmpdir(), "driftkeel-sample-store-"));
try {
  for (const rows of sizes) {
    if (part !== "read") await measureAppends(folder, rows, false);
    if (part !== "read") await measureAppends(folder, rows, true);
    if (part !== "append") await measureReads(folder, rows);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
