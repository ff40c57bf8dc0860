// Signs and verifies with WebCrypto: HMAC-SHA256 for peers that share a secret, Ed25519 for others.

import * as z from "zod/mini";
import { parseOptions } from "../../foundation.ts";
import { DriftkeelError, DriftkeelRangeError } from "../../index.ts";

/** What verifies a peer's frames. */
export type PeerKey =
  | { algorithm: "hmac-sha256" /** 32 bytes or more, and as random. */; secret: Uint8Array }
  | { algorithm: "ed25519" /** 32 bytes. */; publicKey: Uint8Array };

/** What signs our own frames. */
export type SigningKey =
  | { algorithm: "hmac-sha256"; secret: Uint8Array }
  | { algorithm: "ed25519" /** PKCS #8. */; privateKey: Uint8Array };

const bytes = (phrase: string, isRight: (length: number) => boolean) =>
  z.custom<Uint8Array<ArrayBuffer>>(
    (value) => value instanceof Uint8Array && isRight(value.length),
    phrase,
  );
const hmacKey = z.strictObject({
  algorithm: z.literal("hmac-sha256"),
  secret: bytes("a Uint8Array of 32 to 1024 bytes", (length) => length >= 32 && length <= 1024),
});
const peerKey = z.discriminatedUnion("algorithm", [
  hmacKey,
  z.strictObject({
    algorithm: z.literal("ed25519"),
    publicKey: bytes("a Uint8Array of 32 bytes", (length) => length === 32),
  }),
]);
const signingKey = z.discriminatedUnion("algorithm", [
  hmacKey,
  z.strictObject({
    algorithm: z.literal("ed25519"),
    privateKey: bytes("a Uint8Array of PKCS #8", (length) => length >= 32 && length <= 1024),
  }),
]);
const peerKeyOption = z.strictObject({ key: peerKey });
const signingKeyOption = z.strictObject({ key: signingKey });

const HMAC = { name: "HMAC", hash: "SHA-256" } as const;
const ED25519 = "Ed25519";

function subtle(): SubtleCrypto {
  const found = globalThis.crypto?.subtle;
  if (found) return found;
  throw new DriftkeelError(
    "CRYPTO_MISSING",
    "Expected crypto.subtle for signatures, got none. Serve the page over HTTPS or from localhost.",
  );
}

/** Says whether a signature is of these bytes. */
export type Verifier = (signature: Uint8Array, content: Uint8Array) => Promise<boolean>;

/**
 * The verifier of a key. The algorithm is the key's, never the frame's. Throws OPTION_INVALID,
 * OPTION_UNKNOWN, CRYPTO_MISSING.
 */
export async function verifierOf(owner: string, value: PeerKey): Promise<Verifier> {
  const { key } = parseOptions(owner, peerKeyOption, { key: value });
  const crypto = subtle();
  const isHmac = key.algorithm === "hmac-sha256";
  const imported = await importing(owner, () =>
    isHmac
      ? crypto.importKey("raw", key.secret.slice(), HMAC, false, ["verify"])
      : crypto.importKey("raw", key.publicKey.slice(), ED25519, false, ["verify"]),
  );
  const algorithm = isHmac ? HMAC.name : ED25519;
  // WebCrypto compares a MAC in constant time.
  return (signature, content) =>
    crypto.verify(algorithm, imported, signature.slice(), content.slice());
}

/** The signature of bytes. Throws OPTION_INVALID, OPTION_UNKNOWN, CRYPTO_MISSING. */
export async function signatureOf(value: SigningKey, content: Uint8Array): Promise<Uint8Array> {
  const { key } = parseOptions("createFrame", signingKeyOption, { key: value });
  const crypto = subtle();
  const isHmac = key.algorithm === "hmac-sha256";
  const imported = await importing("createFrame", () =>
    isHmac
      ? crypto.importKey("raw", key.secret.slice(), HMAC, false, ["sign"])
      : crypto.importKey("pkcs8", key.privateKey.slice(), ED25519, false, ["sign"]),
  );
  const algorithm = isHmac ? HMAC.name : ED25519;
  return new Uint8Array(await crypto.sign(algorithm, imported, content.slice()));
}

/** SHA-256 as hexadecimal digits. Throws CRYPTO_MISSING. */
export async function digestOf(content: Uint8Array): Promise<string> {
  const digest = new Uint8Array(await subtle().digest("SHA-256", content.slice()));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Says nothing of the key but that it is none: it may be a secret. */
async function importing(owner: string, run: () => Promise<CryptoKey>): Promise<CryptoKey> {
  try {
    return await run();
  } catch {
    throw new DriftkeelRangeError(
      "OPTION_INVALID",
      `Expected ${owner} option "key" to be a key of its algorithm, got bytes that are none.`,
    );
  }
}
