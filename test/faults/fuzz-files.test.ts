// Every parser of files that people bring or keep: a value that holds together, or a typed error.

import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import type { Random } from "../../src/core/random.ts";
import { crc32 } from "../../src/crc32.ts";
import { feedbackFile, parseFeedback } from "../../src/pipeline/feedback/feedback-files.ts";
import { encodeSignal, type FeedbackSignal } from "../../src/pipeline/feedback/feedback-signal.ts";
import {
  decodeEwc,
  type EwcState,
  encodeEwc,
  encodeLegacyEwc,
} from "../../src/pipeline/update/ewc-file.ts";
import { parseBars } from "../../src/replay/bars.ts";
import { fuzz, INPUTS, wrongBytes } from "./fuzz-inputs.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const piecesOf = (...texts: string[]): Uint8Array[] => texts.map((text) => encoder.encode(text));

const ewc: EwcState = {
  lambda: 0.5,
  gamma: 0.9,
  consolidation: "ema",
  normalize: true,
  fisherSamples: 7,
  updates: 3,
  baseline: Float32Array.of(1, -2, 0.5),
  fisher: Float32Array.of(0, 1, 2),
};

function checkEwc(bytes: Uint8Array): void {
  const state = decodeEwc(bytes);
  const { baseline, fisher = baseline } = state;
  if (baseline.length === 0 || fisher.length !== baseline.length) expect.fail(inspect(state));
  const written = encodeEwc(state);
  if (Buffer.compare(written, encodeEwc(decodeEwc(written))) !== 0) expect.fail(inspect(state));
}

/** Bytes near our format; every other time with a checksum that fits, so that the rest is read. */
function wrongEwc(random: Random): Uint8Array {
  const bytes = wrongBytes(random, encodeEwc(ewc));
  if (bytes.length >= 8 && random.below(2) === 0) {
    const view = new DataView(bytes.buffer);
    const end = bytes.length - 4;
    view.setUint32(end, crc32(bytes.subarray(0, end)), true);
  }
  return bytes;
}

const csv = encoder.encode(
  "Date,Open,High,Low,Close,Adj Close,Volume\n2020-01-02,3,4,2,3.5,3.4,100\n" +
    '2020-01-03,3,4,2,"3.5",3.4,0\r\n2020-01-06,3e0,4.,2,.5e1,3.4,1\n',
);
const csvPieces = piecesOf(
  ...['"', '""', ",", "\n", "\r", "\n\n", "\ufeff", "\0", ",,", "volume", "close,", "-", "+"],
  ...["1e309", "1e-400", "NaN", "Infinity", "0x1", "2020-02-30", "9999-12-31", "0000"],
);
const prices = ["1", "2", "1e300", "1e-300", "5e-324", "1.7e308", "1e309", "0", "-1"];

/** Bytes near a CSV file; every other time a small table of numbers at the edge. */
function wrongCsv(random: Random): Uint8Array {
  if (random.below(2) === 0) return wrongBytes(random, csv, csvPieces);
  // Mostly 1: one or two odd numbers at a time.
  const price = () => (random.below(3) > 0 ? "1" : prices[random.below(prices.length)]);
  const rows = Array.from({ length: 1 + random.below(3) }, (_, day) =>
    [`2020-01-0${day + 1}`, price(), price(), price(), price(), price(), price()].join(),
  );
  return encoder.encode(["date,open,high,low,close,adjclose,volume", ...rows].join("\n"));
}

function checkBars(bytes: Uint8Array): void {
  const bars = parseBars(decoder.decode(bytes), "prices.csv");
  for (const [index, { date, volume, ...prices }] of bars.entries()) {
    const isBar = Object.values(prices).every((price) => price > 0 && price < Infinity);
    const isLater = index === 0 || date > bars[index - 1]!.date;
    if (!isBar || !isLater || !(volume >= 0)) expect.fail(JSON.stringify(bars));
  }
}

describe(`any bytes, ${INPUTS} times`, { timeout: 120_000 }, () => {
  it("as an EWC file give one that can be written again, or FILE_CORRUPT", () => {
    const outcomes = fuzz(wrongEwc, checkEwc, ["FILE_CORRUPT"]);
    expect(outcomes.get("taken")).toBeGreaterThan(INPUTS / 1000);
  });

  it("as a legacy EWC file give one that can be written again, or FILE_CORRUPT", () => {
    const valid = encodeLegacyEwc(ewc);
    const outcomes = fuzz((random) => wrongBytes(random, valid), checkEwc, ["FILE_CORRUPT"]);
    expect(outcomes.get("taken")).toBeGreaterThan(INPUTS / 1000);
  });

  it("as bars in CSV give finite bars in order, or FILE_CORRUPT", () => {
    const outcomes = fuzz(wrongCsv, checkBars, ["FILE_CORRUPT"]);
    expect(outcomes.get("taken")).toBeGreaterThan(INPUTS / 1000);
  });

  it("as feedback give signals that can be written again, or FEEDBACK_CORRUPT", () => {
    const line =
      '{"timestamp":"2026-01-01T00:00:00.000Z","prediction_id":"a","predicted":[1],' +
      '"actual":[0.5,-1],"score":0}\n';
    const pieces = piecesOf(
      ...["\n", "{", "}", "[", '"', ",", "\\u0000", "1e400", "null", '"__proto__":{"a":1},'],
      ...["[".repeat(500), '"score":1', "+275760-09-13T00:00:00.001Z", "\ud800"],
    );
    const check = (bytes: Uint8Array) => {
      const { signals } = parseFeedback(feedbackFile(1), bytes);
      const textOf = (written: FeedbackSignal[]) =>
        written.map((signal) => `${encodeSignal(signal)}\n`).join("");
      const text = textOf(signals);
      const again = parseFeedback(feedbackFile(1), encoder.encode(text));
      // As text: JSON has no -0.
      if (textOf(again.signals) !== text || again.torn) expect.fail(inspect(signals));
    };
    const valid = encoder.encode(line.repeat(2));
    const make = (random: Random) => wrongBytes(random, valid, pieces);
    const outcomes = fuzz(make, check, ["FEEDBACK_CORRUPT"]);
    expect(outcomes.get("taken")).toBeGreaterThan(INPUTS / 1000);
  });
});
