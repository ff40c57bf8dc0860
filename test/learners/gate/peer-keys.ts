// Keys of made-up peers: one that shares a secret, one with a key pair.

import type { PeerKey, SigningKey } from "../../../src/learners/gate/index.ts";

/** For sender and receiver. */
export const shared = {
  algorithm: "hmac-sha256",
  secret: Uint8Array.from({ length: 32 }, (_, index) => 7 * index + 1),
} satisfies PeerKey & SigningKey;

/** Another secret of the same kind. */
export const otherShared = {
  algorithm: "hmac-sha256",
  secret: Uint8Array.from({ length: 32 }, (_, index) => 5 * index + 2),
} satisfies PeerKey & SigningKey;

/** A fresh Ed25519 pair: what signs, and what verifies. */
export async function keyPair(): Promise<{ signing: SigningKey; verifying: PeerKey }> {
  const pair = (await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"])) as {
    publicKey: CryptoKey;
    privateKey: CryptoKey;
  };
  const bytes = async (format: "raw" | "pkcs8", key: CryptoKey) =>
    new Uint8Array(await crypto.subtle.exportKey(format, key));
  return {
    signing: { algorithm: "ed25519", privateKey: await bytes("pkcs8", pair.privateKey) },
    verifying: { algorithm: "ed25519", publicKey: await bytes("raw", pair.publicKey) },
  };
}
