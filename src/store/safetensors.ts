// Reads and writes the safetensors format: named tensors of f32 and text about them.
//
// Layout, little endian: u64 N; N bytes of JSON, padded with spaces so that the data starts at a
// multiple of 8; the data. The JSON maps each name to dtype, shape and data_offsets [begin, end)
// from the start of the data; __metadata__ maps text to text. The tensors cover the data without
// gap or overlap. This host is little endian, as every host of WebAssembly code in use.

import { describeValue } from "../describe-value.ts";
import { DriftkeelError, DriftkeelRangeError } from "../errors.ts";
import { duplicateKey } from "./duplicate-key.ts";
import { decodeUtf8 } from "./utf8.ts";

const LENGTH_BYTES = 8;
const ALIGN_BYTES = 8;
const FLOAT_BYTES = 4;
const METADATA = "__metadata__";
const SPACE = 0x20;
/** The reference library stops at 100 MB; a header of ours has some 100 bytes a tensor. */
const MAX_HEADER_BYTES = 16 * 2 ** 20;
const MAX_DIMENSIONS = 32;

/** Numbers and how they are arranged: the product of `shape` is the length of `values`. */
export interface Tensor {
  shape: readonly number[];
  values: Float32Array;
}

/** What a safetensors file holds, in the order of its data. */
export interface TensorFile {
  tensors: Map<string, Tensor>;
  metadata: Map<string, string>;
}

function corrupt(got: string): DriftkeelError {
  return new DriftkeelError(
    "FILE_CORRUPT",
    `Expected the bytes of a safetensors file, got ${got}. Restore the file from a copy; nothing ` +
      "was loaded.",
  );
}

/** The product of the dimensions; NaN when one is no count or the product is too large. */
function sizeOf(shape: readonly unknown[]): number {
  let size = 1;
  for (const dimension of shape) {
    if (!Number.isSafeInteger(dimension) || (dimension as number) < 0) return Number.NaN;
    size *= dimension as number;
  }
  return Number.isSafeInteger(size) ? size : Number.NaN;
}

/**
 * The length and the JSON of a file, padded: everything before the data. Members stand in the order
 * of the maps, __metadata__ first. Throws ARGUMENT_RANGE for a tensor named __metadata__, with more
 * than 32 dimensions or of another length than its shape says, and for more than 16 MiB of header.
 */
export function encodeHeader({ tensors, metadata }: TensorFile): Uint8Array<ArrayBuffer> {
  // Joined by hand: an object would put names that look like numbers first.
  const pair = (name: string, value: unknown) => `${JSON.stringify(name)}:${JSON.stringify(value)}`;
  const members: string[] = [];
  if (metadata.size > 0) {
    const texts = Array.from(metadata, ([name, text]) => pair(name, text));
    members.push(`${JSON.stringify(METADATA)}:{${texts.join(",")}}`);
  }
  let end = 0;
  for (const [name, { shape, values }] of tensors) {
    if (name === METADATA || shape.length > MAX_DIMENSIONS || sizeOf(shape) !== values.length) {
      throw new DriftkeelRangeError(
        "ARGUMENT_RANGE",
        `Expected tensors not named ${METADATA}, with at most ${MAX_DIMENSIONS} dimensions whose ` +
          `product is the length, got ${describeValue(name)} of shape [${shape}] and length ` +
          `${values.length}.`,
      );
    }
    const begin = end;
    end += values.length * FLOAT_BYTES;
    members.push(pair(name, { dtype: "F32", shape, data_offsets: [begin, end] }));
  }
  const json = new TextEncoder().encode(`{${members.join(",")}}`);
  if (json.length > MAX_HEADER_BYTES) {
    throw new DriftkeelRangeError(
      "ARGUMENT_RANGE",
      `Expected names, shapes and metadata of at most ${MAX_HEADER_BYTES} bytes as JSON, got ` +
        `${json.length}.`,
    );
  }
  const paddedBytes = Math.ceil(json.length / ALIGN_BYTES) * ALIGN_BYTES;
  const header = new Uint8Array(LENGTH_BYTES + paddedBytes).fill(SPACE, LENGTH_BYTES);
  new DataView(header.buffer).setBigUint64(0, BigInt(paddedBytes), true);
  header.set(json, LENGTH_BYTES);
  return header;
}

/** The data of a file: the values of all tensors, one after the other. */
export function encodeData({ tensors }: TensorFile): Uint8Array<ArrayBuffer> {
  const all = [...tensors.values()].map(({ values }) => values);
  const sizeBytes = all.reduce((sum, { byteLength }) => sum + byteLength, 0);
  const data = new Uint8Array(sizeBytes);
  let at = 0;
  for (const { buffer, byteOffset, byteLength } of all) {
    data.set(new Uint8Array(buffer, byteOffset, byteLength), at);
    at += byteLength;
  }
  return data;
}

/** The bytes of a safetensors file. Allocates twice the size. Throws as `encodeHeader`. */
export function encodeSafetensors(file: TensorFile): Uint8Array<ArrayBuffer> {
  const header = encodeHeader(file);
  const data = encodeData(file);
  const bytes = new Uint8Array(header.length + data.length);
  bytes.set(header);
  bytes.set(data, header.length);
  return bytes;
}

/** Where the data of a file starts. Throws FILE_CORRUPT when the header does not fit the bytes. */
export function dataStart(bytes: Uint8Array): number {
  if (bytes.length < LENGTH_BYTES) throw corrupt(`only ${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerBytes = view.getBigUint64(0, true);
  if (headerBytes > BigInt(MAX_HEADER_BYTES) || headerBytes > BigInt(bytes.length - LENGTH_BYTES)) {
    throw corrupt(`a header of ${headerBytes} bytes in a file of ${bytes.length}`);
  }
  return LENGTH_BYTES + Number(headerBytes);
}

/**
 * Reads what `encodeSafetensors` or another writer wrote; every tensor has an array of its own.
 * Trusts nothing: names become keys of maps only. Throws FILE_CORRUPT, also for a dtype other than
 * F32.
 */
export function decodeSafetensors(bytes: Uint8Array): TensorFile {
  const start = dataStart(bytes);
  const header = parseHeader(bytes.subarray(LENGTH_BYTES, start));
  const data = bytes.subarray(start);
  const metadata = new Map<string, string>();
  const entries: Entry[] = [];
  for (const [name, value] of Object.entries(header)) {
    if (name === METADATA) readMetadata(value, metadata);
    else entries.push(readEntry(name, value));
  }
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let covered = 0;
  const tensors = new Map<string, Tensor>();
  for (const { name, shape, begin, end } of entries) {
    if (begin !== covered || end > data.length) {
      const problem = end > data.length ? "past the end" : "with a gap or an overlap before it";
      throw corrupt(`the tensor ${describeValue(name)} ${problem}`);
    }
    covered = end;
    tensors.set(name, {
      shape,
      values: new Float32Array(new Uint8Array(data.subarray(begin, end)).buffer),
    });
  }
  if (covered !== data.length) throw corrupt(`${data.length - covered} bytes of no tensor`);
  return { tensors, metadata };
}

interface Entry {
  name: string;
  shape: number[];
  begin: number;
  end: number;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parseHeader(bytes: Uint8Array): Record<string, unknown> {
  const text = decodeUtf8(bytes);
  if (text === undefined || !text.startsWith("{")) throw corrupt("a header that is no JSON object");
  let header: unknown;
  try {
    header = JSON.parse(text);
  } catch {
    throw corrupt("a header that is no JSON");
  }
  const twice = duplicateKey(text);
  if (twice !== undefined) throw corrupt(`the name ${describeValue(twice)} twice`);
  return header as Record<string, unknown>;
}

function readMetadata(value: unknown, metadata: Map<string, string>): void {
  if (!isRecord(value)) throw corrupt(`metadata that is ${describeValue(value)}`);
  for (const [name, text] of Object.entries(value)) {
    if (typeof text !== "string") throw corrupt(`metadata that holds ${describeValue(text)}`);
    metadata.set(name, text);
  }
}

function readEntry(name: string, value: unknown): Entry {
  const broken = (what: string) => corrupt(`the tensor ${describeValue(name)} ${what}`);
  if (!isRecord(value) || Object.keys(value).sort().join() !== "data_offsets,dtype,shape") {
    throw broken("without exactly dtype, shape and data_offsets");
  }
  const { dtype, shape, data_offsets: offsets } = value;
  if (dtype !== "F32") throw broken(`of type ${describeValue(dtype)} where F32 is read`);
  if (!Array.isArray(shape) || shape.length > MAX_DIMENSIONS) throw broken("without a shape");
  if (!Array.isArray(offsets) || offsets.length !== 2) throw broken("without two offsets");
  const [begin, end] = offsets;
  const isRange = Number.isSafeInteger(begin) && Number.isSafeInteger(end) && begin >= 0;
  if (!isRange || end - begin !== sizeOf(shape) * FLOAT_BYTES) {
    throw broken(`of shape [${shape.slice(0, 8).map(describeValue)}] in other offsets`);
  }
  return { name, shape, begin, end };
}
