// The bytes of a model at rest: a safetensors file that finds every change of itself.

import { ABI_VERSION } from "../../assembly/layout.ts";
import { checkFilled, checkInstance } from "../checks.ts";
import { checkNotReleased } from "../core/arrays.ts";
import { describeValue } from "../describe-value.ts";
import { DriftkeelError, DriftkeelRangeError, DriftkeelTypeError } from "../errors.ts";
import {
  dataStart,
  decodeSafetensors,
  encodeData,
  encodeHeader,
  type TensorFile,
} from "./safetensors.ts";
import { sha256 } from "./sha256.ts";

const FORMAT_VERSION = "1";
/** The build of the kernels whose weights these are, when nobody says more. */
export const KERNEL_BUILD = `abi-${ABI_VERSION}`;

/** Weights, and where they come from. */
export interface Snapshot {
  /** f32[n] by tensor name, in the order of the file. */
  weights: Map<string, Float32Array>;
  modelId: string;
  versionId: string;
  kernelBuild: string;
  /** u32. */
  seed: number;
  /** The version that these weights were trained from. */
  parent?: string;
}

function corrupt(got: string, cause?: unknown): DriftkeelError {
  return new DriftkeelError(
    "SNAPSHOT_CORRUPT",
    `Expected the bytes of a snapshot as they were written, got ${got}. Roll back to another ` +
      "version, or restore the file from a copy; nothing was loaded.",
    { cause },
  );
}

/** Throws ARGUMENT_TYPE, ARGUMENT_RANGE, DATA_EMPTY or DISPOSED unless these can be weights. */
export function checkWeights(weights: unknown): asserts weights is Map<string, Float32Array> {
  checkInstance("weights", weights, Map);
  const entries = [...(weights as Map<unknown, unknown>)];
  checkFilled("weights", entries);
  for (const [name, values] of entries) {
    if (typeof name !== "string") {
      const message = `Expected weights with names that are text, got ${describeValue(name)}.`;
      throw new DriftkeelTypeError("ARGUMENT_TYPE", message);
    }
    checkInstance(`weights.get(${describeValue(name)})`, values, Float32Array);
    checkNotReleased(values as Float32Array);
    if (name !== "__metadata__") continue;
    const message = `Expected weights with other names than ${name}, which safetensors keeps.`;
    throw new DriftkeelRangeError("ARGUMENT_RANGE", message);
  }
}

/**
 * The bytes of a snapshot. Its metadata: format_version, model_id, version_id, kernel_build, seed,
 * parent ("" for none), sha256 of the tensor bytes, and header_sha256 of the header as it would be
 * without this last member. The arrays are copied before the first wait. Throws ARGUMENT_RANGE.
 */
export async function encodeSnapshot(snapshot: Snapshot): Promise<Uint8Array> {
  const file: TensorFile = { tensors: new Map(), metadata: new Map() };
  for (const [name, values] of snapshot.weights) {
    file.tensors.set(name, { shape: [values.length], values });
  }
  const data = encodeData(file);
  file.metadata = new Map([
    ["format_version", FORMAT_VERSION],
    ["model_id", snapshot.modelId],
    ["version_id", snapshot.versionId],
    ["kernel_build", snapshot.kernelBuild],
    ["seed", String(snapshot.seed)],
    ["parent", snapshot.parent ?? ""],
    ["sha256", await sha256(data)],
  ]);
  file.metadata.set("header_sha256", await sha256(encodeHeader(file)));
  const header = encodeHeader(file);
  const bytes = new Uint8Array(header.length + data.length);
  bytes.set(header);
  bytes.set(data, header.length);
  return bytes;
}

/** Reads what `encodeSnapshot` wrote. Throws SNAPSHOT_CORRUPT when a single bit is different. */
export async function decodeSnapshot(bytes: Uint8Array): Promise<Snapshot> {
  const file = decodeFile(bytes);
  const { tensors, metadata } = file;
  const start = dataStart(bytes);
  if (!sameBytes(encodeHeader(file), bytes.subarray(0, start))) {
    throw corrupt("a header that another program wrote");
  }
  const headerDigest = metadata.get("header_sha256");
  metadata.delete("header_sha256");
  if (headerDigest !== (await sha256(encodeHeader(file)))) throw corrupt("an altered header");
  if (metadata.get("sha256") !== (await sha256(bytes.subarray(start))))
    throw corrupt("altered data");

  const version = metadata.get("format_version");
  if (version !== FORMAT_VERSION) {
    throw corrupt(`format version ${version} where this release reads ${FORMAT_VERSION}`);
  }
  const text = (name: string) => metadata.get(name) ?? "";
  const seed = Number(text("seed"));
  if (!Number.isInteger(seed)) throw corrupt(`the seed ${describeValue(text("seed"))}`);
  const weights = Array.from(tensors, ([name, { values }]) => [name, values] as const);
  return {
    weights: new Map(weights),
    modelId: text("model_id"),
    versionId: text("version_id"),
    kernelBuild: text("kernel_build"),
    seed,
    ...(text("parent") !== "" && { parent: text("parent") }),
  };
}

function decodeFile(bytes: Uint8Array): TensorFile {
  try {
    return decodeSafetensors(bytes);
  } catch (cause) {
    throw corrupt("bytes that are no safetensors file", cause);
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
