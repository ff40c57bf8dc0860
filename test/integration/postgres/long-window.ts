// A window of 90 days with 10^6 samples: written, counted, read by pages with little memory.

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { monotonicMs } from "../../../src/clock.ts";
import type { Sample } from "../../../src/index.ts";
import {
  type PostgresDatabase,
  PostgresSampleStore,
} from "../../../src/integrations/timescale/index.ts";
import { check, checkSame, print } from "./report.ts";

const DAYS = 90;
const DAY_MS = 86_400_000;
const START_MS = 1_790_000_000_000;
const SAMPLES = 1_000_000;
const PER_CALL = 10_000;
const STEP_MS = (DAYS * DAY_MS) / SAMPLES;
const INPUTS = 16;
/** A page takes about 5 MB; the whole window as one list takes hundreds. */
const MOST_HEAP_BYTES = 40_000_000;
const MOST_SECONDS = 60;

/** The sample of a number: its input tells which one it is. */
function sampleOf(index: number): Sample {
  const input = new Float32Array(INPUTS).fill(Math.fround(index * 0.1));
  input[0] = index; // exact below 2^24
  return {
    input,
    label: Float32Array.of(index % 2),
    timestamp: new Date(START_MS + Math.floor(index * STEP_MS)),
  };
}

const seconds = (fromMs: number) => ((monotonicMs() - fromMs) / 1000).toFixed(1);

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Bytes in use after a collection. */
function usedBytes(): number {
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** Writes and streams the window, and prints what it took. */
export async function checkLongWindow(database: PostgresDatabase): Promise<void> {
  const startMs = monotonicMs();
  const store = new PostgresSampleStore({ database, modelId: "long" });
  for (let from = 0; from < SAMPLES; from += PER_CALL) {
    await store.append(Array.from({ length: PER_CALL }, (_, index) => sampleOf(from + index)));
  }
  print(`      ${SAMPLES} samples of ${INPUTS} inputs written in ${seconds(startMs)} s`);
  const end = new Date(START_MS + DAYS * DAY_MS);
  checkSame("the window is counted", await store.countRange(START_MS, end), SAMPLES);
  const baseBytes = usedBytes();
  let [mostBytes, next, pages, wrong] = [0, 0, 0, 0];
  const readMs = monotonicMs();
  for await (const page of store.pages(START_MS, end, { pageSize: 5000 })) {
    for (const { input, label } of page) {
      if (input[0] !== next || input.length !== INPUTS || label[0] !== next % 2) wrong += 1;
      next += 1;
    }
    pages += 1;
    if (pages % 10 === 0) mostBytes = Math.max(mostBytes, usedBytes() - baseBytes);
  }
  const megabytes = (mostBytes / 1e6).toFixed(1);
  print(
    `      streamed in ${pages} pages in ${seconds(readMs)} s, ${megabytes} MB more in use at most`,
  );
  checkSame("every sample came once and in order", [next, wrong], [SAMPLES, 0]);
  check("memory is bounded", mostBytes < MOST_HEAP_BYTES, `${mostBytes} bytes`);
  check(`all of it took ${seconds(startMs)} s`, Number(seconds(startMs)) < MOST_SECONDS);
  await store.close();
}
