// The files of a feedback folder: feedback_<sequence>.jsonl, in the order of their numbers.

import { DriftkeelError } from "../../errors.ts";
import type { Folder } from "../../store/folder.ts";
import { splitLines } from "../../store/lines.ts";
import { decodeUtf8 } from "../../store/utf8.ts";
import { type FeedbackSignal, parseSignal } from "./feedback-signal.ts";

const FILE = /^feedback_([0-9]{6,15})\.jsonl$/;

/** A last line that a crash cut short; it was never acknowledged. */
export interface TornLine {
  file: string;
  /** From 1. */
  line: number;
}

/** The name of the file with a number: at least six digits. */
export function feedbackFile(sequence: number): string {
  return `feedback_${String(sequence).padStart(6, "0")}.jsonl`;
}

/** The numbers of the files that are there, ascending. */
export async function listSequences(folder: Folder): Promise<number[]> {
  const entries = await folder.disk.list(folder.path());
  const sequences = entries.flatMap(({ name, isFolder }) => {
    const digits = FILE.exec(name)?.[1];
    return digits === undefined || isFolder || name !== feedbackFile(Number(digits))
      ? []
      : [Number(digits)];
  });
  return sequences.sort((a, b) => a - b);
}

/** The signals of one file, and the last line when it is torn. Throws FEEDBACK_CORRUPT. */
export function parseFeedback(
  file: string,
  bytes: Uint8Array,
): { signals: FeedbackSignal[]; torn: TornLine | undefined } {
  const { lines, rest } = splitLines(bytes);
  const signals = lines.map((line, index) => {
    const signal = signalOf(line);
    if (signal) return signal;
    throw broken(file, index + 1);
  });
  if (rest.length === 0) return { signals, torn: undefined };
  const last = signalOf(rest);
  if (last) return { signals: [...signals, last], torn: undefined };
  // A whole signal and something else: its line feed was altered, no crash cuts like that.
  if (signalOf(rest.subarray(0, rest.lastIndexOf(0x7d /* } */) + 1))) {
    throw broken(file, lines.length + 1);
  }
  return { signals, torn: { file, line: lines.length + 1 } };
}

function signalOf(line: Uint8Array): FeedbackSignal | undefined {
  const text = decodeUtf8(line);
  return text === undefined ? undefined : parseSignal(text);
}

function broken(file: string, line: number): DriftkeelError {
  return new DriftkeelError(
    "FEEDBACK_CORRUPT",
    `Expected a feedback signal in line ${line} of ${file}, got something else. Repair or remove ` +
      "the line.",
  );
}
