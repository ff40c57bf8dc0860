// SHA-256 (FIPS 180-4) of bytes, on every platform.

import { DriftkeelError } from "../errors.ts";

/** Below, handing the bytes to another thread costs more than the digest (some 0.1 ms). */
const MAX_HERE_BYTES = 64 * 1024;

/** The digest as 64 hexadecimal digits. Throws CRYPTO_MISSING on a page that is not secure. */
export async function sha256(bytes: Uint8Array): Promise<string> {
  if (bytes.length <= MAX_HERE_BYTES) {
    const node = globalThis.process?.getBuiltinModule?.("node:crypto");
    if (node) return node.createHash("sha256").update(bytes).digest("hex");
  }
  const subtle = globalThis.crypto?.subtle;
  if (subtle === undefined) {
    throw new DriftkeelError(
      "CRYPTO_MISSING",
      "Expected crypto.subtle for SHA-256, got none. Serve the page over HTTPS or from localhost.",
    );
  }
  const digest = new Uint8Array(await subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
