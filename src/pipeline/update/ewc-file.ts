// The binary EWC file, ours and the legacy one, to the byte (docs/design.md shows both).
//
// Ours, little endian: magic "DKEW", u16 version, u16 flags (1 Fisher present, 2 ema, 4 normalize),
// u32 P, u32 updates, f64 lambda, f64 gamma, u32 fisherSamples (0: all), u32 reserved 0, f32
// baseline[P], f32 fisher[P] when present, u32 CRC-32 of everything before. Legacy: u32 P, f32
// lambda, u64 updates, f32 fisher[P], f32 reference[P]; no checksum.

import { crc32 } from "../../crc32.ts";
import { DriftkeelError } from "../../errors.ts";

const MAGIC = 0x57454b44; // "DKEW"
const VERSION = 1;
const HEADER_BYTES = 40;
const CHECKSUM_BYTES = 4;
const LEGACY_HEADER_BYTES = 16;
const HAS_FISHER = 1;
const IS_EMA = 2;
const IS_NORMALIZED = 4;
const ALL_FLAGS = HAS_FISHER | IS_EMA | IS_NORMALIZED;
/** The largest count that an option of Ewc may be. */
const LARGEST_COUNT = 2 ** 31 - 1;

/**
 * Everything an Ewc holds. fisher: the accumulated one, before bias correction and normalisation.
 */
export interface EwcState {
  lambda: number;
  gamma: number;
  consolidation: "sum" | "ema";
  normalize: boolean;
  fisherSamples: number | undefined;
  updates: number;
  baseline: Float32Array;
  fisher: Float32Array | undefined;
}

function corrupt(detail: string): DriftkeelError {
  return new DriftkeelError(
    "FILE_CORRUPT",
    `Expected the bytes of an EWC file, ${detail}. Restore the file from a copy; nothing ` +
      `was loaded.`,
  );
}

/** The bytes of our own format. */
export function encodeEwc(state: EwcState): Uint8Array {
  const count = state.baseline.length;
  const arrays = state.fisher ? 2 : 1;
  const bytes = new Uint8Array(HEADER_BYTES + 4 * count * arrays + CHECKSUM_BYTES);
  const view = new DataView(bytes.buffer);
  const flags =
    (state.fisher ? HAS_FISHER : 0) |
    (state.consolidation === "ema" ? IS_EMA : 0) |
    (state.normalize ? IS_NORMALIZED : 0);
  view.setUint32(0, MAGIC, true);
  view.setUint16(4, VERSION, true);
  view.setUint16(6, flags, true);
  view.setUint32(8, count, true);
  view.setUint32(12, state.updates, true);
  view.setFloat64(16, state.lambda, true);
  view.setFloat64(24, state.gamma, true);
  view.setUint32(32, state.fisherSamples ?? 0, true);
  writeFloats(view, HEADER_BYTES, state.baseline);
  if (state.fisher) writeFloats(view, HEADER_BYTES + 4 * count, state.fisher);
  const end = bytes.length - CHECKSUM_BYTES;
  view.setUint32(end, crc32(bytes.subarray(0, end)), true);
  return bytes;
}

/** The bytes of the legacy format; a missing Fisher is written as zeros. */
export function encodeLegacyEwc(state: EwcState): Uint8Array {
  const count = state.baseline.length;
  const bytes = new Uint8Array(LEGACY_HEADER_BYTES + 8 * count);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, count, true);
  view.setFloat32(4, state.lambda, true);
  view.setBigUint64(8, BigInt(state.updates), true);
  writeFloats(view, LEGACY_HEADER_BYTES, state.fisher ?? new Float32Array(count));
  writeFloats(view, LEGACY_HEADER_BYTES + 4 * count, state.baseline);
  return bytes;
}

/** Reads either format. Throws FILE_CORRUPT. */
export function decodeEwc(bytes: Uint8Array): EwcState {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isOurs = bytes.length >= 4 && view.getUint32(0, true) === MAGIC;
  const state = isOurs ? decodeOurs(bytes, view) : decodeLegacy(bytes, view);
  const { lambda, gamma, fisher } = state;
  const isRemembering = gamma >= 0 && (state.consolidation === "ema" ? gamma < 1 : gamma <= 1);
  if (!(lambda >= 0 && lambda < Infinity && isRemembering)) {
    throw corrupt(`got lambda ${lambda} and gamma ${gamma}`);
  }
  const { fisherSamples = 1 } = state;
  if (fisherSamples > LARGEST_COUNT) throw corrupt(`got a count of ${fisherSamples} samples`);
  if (!state.baseline.every(Number.isFinite))
    throw corrupt("got a baseline with a non-finite weight");
  if (fisher && !fisher.every((value) => value >= 0 && value < Infinity)) {
    throw corrupt("got a Fisher with a negative or non-finite element");
  }
  return state;
}

function decodeOurs(bytes: Uint8Array, view: DataView): EwcState {
  if (bytes.length < HEADER_BYTES + CHECKSUM_BYTES) throw corrupt(`got only ${bytes.length} bytes`);
  const end = bytes.length - CHECKSUM_BYTES;
  if (view.getUint32(end, true) !== crc32(bytes.subarray(0, end))) {
    throw corrupt("got a checksum that does not match its content");
  }
  const version = view.getUint16(4, true);
  if (version !== VERSION)
    throw corrupt(`got version ${version} where this release reads ${VERSION}`);
  const flags = view.getUint16(6, true);
  const count = view.getUint32(8, true);
  const updates = view.getUint32(12, true);
  const arrays = flags & HAS_FISHER ? 2 : 1;
  if (flags & ~ALL_FLAGS || updates > 0 !== arrays > 1) {
    throw corrupt(`got flags ${flags} with ${updates} updates`);
  }
  if (count === 0 || end !== HEADER_BYTES + 4 * count * arrays) {
    throw corrupt(`got ${bytes.length} bytes for ${count} parameters`);
  }
  return {
    consolidation: flags & IS_EMA ? "ema" : "sum",
    normalize: (flags & IS_NORMALIZED) !== 0,
    updates,
    lambda: view.getFloat64(16, true),
    gamma: view.getFloat64(24, true),
    fisherSamples: view.getUint32(32, true) || undefined,
    baseline: readFloats(view, HEADER_BYTES, count),
    fisher: flags & HAS_FISHER ? readFloats(view, HEADER_BYTES + 4 * count, count) : undefined,
  };
}

function decodeLegacy(bytes: Uint8Array, view: DataView): EwcState {
  const count = bytes.length >= LEGACY_HEADER_BYTES ? view.getUint32(0, true) : 0;
  if (count === 0 || bytes.length !== LEGACY_HEADER_BYTES + 8 * count) {
    throw corrupt(`got ${bytes.length} bytes that are neither our format nor the legacy one`);
  }
  const updates = Number(view.getBigUint64(8, true));
  if (!Number.isSafeInteger(updates)) throw corrupt(`got a count of ${updates} updates`);
  return {
    consolidation: "sum",
    gamma: 1,
    normalize: false,
    fisherSamples: undefined,
    updates: Math.min(updates, 0xffffffff),
    lambda: view.getFloat32(4, true),
    fisher: readFloats(view, LEGACY_HEADER_BYTES, count),
    baseline: readFloats(view, LEGACY_HEADER_BYTES + 4 * count, count),
  };
}

function writeFloats(view: DataView, at: number, values: Float32Array): void {
  values.forEach((value, index) => {
    view.setFloat32(at + 4 * index, value, true);
  });
}

function readFloats(view: DataView, at: number, count: number): Float32Array {
  return Float32Array.from({ length: count }, (_, index) => view.getFloat32(at + 4 * index, true));
}
