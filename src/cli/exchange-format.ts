// The formats in which a version leaves and enters: its weights, or its EWC memory.

import { Option } from "commander";
import { DriftkeelRangeError } from "../errors.ts";
import { Ewc, type SavedVersion } from "../index.ts";

const FORMATS = ["safetensors", "ewc", "ewc-legacy"] as const;

/** `ewc` and `ewc-legacy` differ on the way out only: both are read. */
export type ExchangeFormat = (typeof FORMATS)[number];

/** The part of a version in which a learner keeps its EWC memory. */
export const EWC_PART = "ewc.bin";

/** The flag `--format`. */
export function formatOption(): Option {
  return new Option("--format <name>", "what the file is").choices(FORMATS).default(FORMATS[0]);
}

/** The EWC memory of a version in one of its two formats. Throws OPTION_INVALID without one. */
export function ewcFileOf(version: SavedVersion, format: "ewc" | "ewc-legacy"): Uint8Array {
  const part = version.state.get(EWC_PART);
  if (part === undefined) {
    throw new DriftkeelRangeError(
      "OPTION_INVALID",
      `Expected version ${version.id} to have an EWC memory (${EWC_PART}), got none: its learner ` +
        "runs without EWC, or it was saved before the first update.",
    );
  }
  const ewc = Ewc.fromBytes(part);
  try {
    return ewc.toBytes({ format: format === "ewc" ? "driftkeel" : "legacy" });
  } finally {
    ewc.dispose();
  }
}

/** Parameters of an EWC file. Throws FILE_CORRUPT. */
export function ewcLength(bytes: Uint8Array): number {
  const ewc = Ewc.fromBytes(bytes);
  try {
    return ewc.baseline().length;
  } finally {
    ewc.dispose();
  }
}
