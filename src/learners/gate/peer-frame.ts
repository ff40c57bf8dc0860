// A frame between gates, on the wire: signals or weights of a peer, numbered and signed.

import * as z from "zod/mini";
import { decodeBase64, decodeUtf8, encodeBase64, parseOptions } from "../../foundation.ts";
import { DriftkeelRangeError, decodeSafetensors, encodeSafetensors } from "../../index.ts";
import { type Contribution, checkContribution } from "./federated-merge.ts";
import { type SigningKey, signatureOf } from "./peer-keys.ts";
import { type TrainingSignal, toWire } from "./training-signal.ts";

/** Ids of peers are names of folders, too. */
export const peerId = z
  .string()
  .check(
    z.regex(/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$/, "1 to 128 of A-Z a-z 0-9 . _ -, no dot first"),
  );
const sequence = z.int("an integer >= 0").check(z.minimum(0, "an integer >= 0"));

const bodySchema = {
  from: peerId,
  seq: sequence,
  /** Looked at one by one, after the signature. */
  signals: z.array(z.unknown()),
  signature: z.base64("base64 text").check(z.maxLength(256)),
};
const frameSchema = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("signals"), ...bodySchema }),
  z.strictObject({ type: z.literal("weights"), ...bodySchema, weights: z.base64("base64 text") }),
]);

/** A frame as it came: nothing of it is to be believed before its signature is verified. */
export type PeerFrame = z.output<typeof frameSchema>;

/** Of what is signed, so that a signature means nothing anywhere else. */
const PURPOSE = "driftkeel-gate-frame-1";
const encoder = new TextEncoder();

/** What is signed: everything but the signature, in a fixed order. */
function signedBytes(frame: Omit<PeerFrame, "signature">): Uint8Array {
  const { type, from, seq, signals } = frame;
  const weights = "weights" in frame ? frame.weights : null;
  return encoder.encode(JSON.stringify([PURPOSE, type, from, seq, signals, weights]));
}

/** A frame with the bytes that its signature has to be of, or why it is none. */
export type ReadFrame =
  | { frame: PeerFrame; content: Uint8Array; signature: Uint8Array }
  | { reason: string };

/** Reads a frame of at most `maxBytes`. Never throws. */
export function readFrame(bytes: Uint8Array, maxBytes: number): ReadFrame {
  if (!(bytes instanceof Uint8Array)) return { reason: "malformed: not bytes" };
  if (bytes.length > maxBytes) {
    return { reason: `oversized: ${bytes.length} bytes, at most ${maxBytes} are taken` };
  }
  const text = decodeUtf8(bytes);
  if (text === undefined) return { reason: "malformed: not UTF-8" };
  try {
    const parsed = frameSchema.safeParse(JSON.parse(text));
    if (!parsed.success) return { reason: `malformed: ${placeOf(parsed.error.issues[0]!)}` };
    const frame = parsed.data;
    const content = signedBytes(frame); // nested too deeply, it throws
    const signature = decodeBase64(frame.signature);
    // Base64 has bits to spare: one signature is one text.
    if (encodeBase64(signature) !== frame.signature) return { reason: 'malformed: "signature"' };
    return { frame, content, signature };
  } catch {
    return { reason: "malformed: not JSON" };
  }
}

function placeOf({ path, code }: z.core.$ZodIssue): string {
  return path.length === 0 ? `not a frame (${code})` : `"${path.join(".")}" (${code})`;
}

const frameOptions = z.strictObject({
  from: peerId,
  seq: sequence,
  signals: z._default(z.array(z.custom<TrainingSignal>()), []),
  contribution: z.optional(z.custom<Contribution>()),
  key: z.custom<SigningKey>((value) => typeof value === "object" && value !== null, "a key"),
});

/** What `createFrame` takes: signals, or a contribution. */
export interface CreateFrameOptions {
  /** Our id at the receiver. */
  from: string;
  /** Never used for another frame: one more than that of the last. */
  seq: number;
  signals?: readonly TrainingSignal[];
  /** Weights for a federated merge. */
  contribution?: Contribution;
  key: SigningKey;
}

/**
 * The bytes of a signed frame. Throws OPTION_INVALID, OPTION_UNKNOWN, LENGTH_MISMATCH,
 * VALUE_NOT_FINITE, CRYPTO_MISSING.
 */
export async function createFrame(options: CreateFrameOptions): Promise<Uint8Array> {
  const parsed = parseOptions("createFrame", frameOptions, options);
  const { from, seq, signals, contribution, key } = parsed;
  if (signals.length > 0 === (contribution !== undefined)) {
    throw new DriftkeelRangeError(
      "OPTION_INVALID",
      'Expected either createFrame option "signals" or "contribution", got ' +
        `${contribution ? "both" : "neither"}.`,
    );
  }
  const body = contribution
    ? { type: "weights" as const, from, seq, signals: [], weights: encodeWeights(contribution) }
    : { type: "signals" as const, from, seq, signals: signals.map(toWire) };
  const signature = encodeBase64(await signatureOf(key, signedBytes(body)));
  return encoder.encode(JSON.stringify({ ...body, signature }));
}

function encodeWeights(contribution: Contribution): string {
  const { parameters, fisher } = contribution;
  checkContribution("contribution", contribution, parameters.length);
  const tensors = new Map([
    ["parameters", { shape: [parameters.length], values: parameters }],
    ["fisher", { shape: [fisher.length], values: fisher }],
  ]);
  return encodeBase64(encodeSafetensors({ tensors, metadata: new Map() }));
}

/**
 * The contribution of a frame's `weights`. Throws FILE_CORRUPT, LENGTH_MISMATCH, VALUE_NOT_FINITE,
 * ARGUMENT_TYPE.
 */
export function decodeWeights(weights: string): Contribution {
  const { tensors } = decodeSafetensors(decodeBase64(weights));
  const contribution = {
    parameters: tensors.get("parameters")?.values ?? new Float32Array(0),
    fisher: tensors.get("fisher")?.values ?? new Float32Array(0),
  };
  const { length } = contribution.parameters;
  if (length === 0) throw new DriftkeelRangeError("DATA_EMPTY", "Expected parameters, got none.");
  checkContribution("weights", contribution, length);
  return contribution;
}
