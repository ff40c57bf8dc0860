// Samples from a file with one JSON object a line, read as they are needed.

import { type FileHandle, open } from "node:fs/promises";
import { sampleOfRow, sampleRow } from "../config/sample-row.ts";
import { DriftkeelError } from "../errors.ts";
import type { Sample } from "../index.ts";
import { parseOptions } from "../options.ts";

/** A sample and where it stands in its file. */
export interface NumberedSample {
  sample: Sample;
  /** From 1. */
  line: number;
}

/** FEEDBACK_CORRUPT for a line of a file. reason: one sentence or more. */
export function badLine(path: string, line: number, learned: number, reason: string) {
  const before = learned === 1 ? "1 sample before it was" : `${learned} samples before it were`;
  return new DriftkeelError(
    "FEEDBACK_CORRUPT",
    `${path}, line ${line}: ${reason} The ${before} learned, nothing after it; repair the line.`,
  );
}

/**
 * The samples of a file in order; blank lines are passed over. Throws FILE_FAILED, and
 * FEEDBACK_CORRUPT naming the first line that is no sample, when it gets there.
 */
export async function* readSamples(path: string): AsyncGenerator<NumberedSample> {
  const file = await failing(path, () => open(path));
  try {
    let number = 0;
    let samples = 0;
    for await (const text of lines(path, file)) {
      number++;
      if (text.trim() === "") continue;
      yield { sample: parseSample(path, number, samples, text), line: number };
      samples++;
    }
  } finally {
    await file.close().catch(() => {}); // it was only read, and its end has closed it already
  }
}

async function* lines(path: string, file: FileHandle): AsyncGenerator<string> {
  const reader = file.readLines({ encoding: "utf8" });
  const iterator = reader[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await failing(path, () => iterator.next());
      if (next.done) return;
      yield next.value;
    }
  } finally {
    reader.close();
  }
}

function parseSample(path: string, number: number, learned: number, text: string): Sample {
  try {
    return sampleOfRow(parseOptions("sample", sampleRow, JSON.parse(text)));
  } catch (error) {
    const reason = error instanceof SyntaxError ? `not JSON: ${error.message}.` : messageOf(error);
    throw badLine(path, number, learned, reason);
  }
}

function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace("sample options", "the line").replace("sample option", "member");
}

async function failing<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `Expected to be able to read ${path}: ${reason}.`;
    throw new DriftkeelError("FILE_FAILED", message, { cause });
  }
}
