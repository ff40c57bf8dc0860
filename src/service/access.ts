// Who may do what: bearer keys, kept as digests; without keys only this machine may ask.

import { createHash, timingSafeEqual } from "node:crypto";
import { isIPv4 } from "node:net";
import { ProblemError } from "./problem.ts";

/** What a key may do: look, teach, or act on a model. No scope contains another. */
export const SCOPES = ["read", "write", "operate"] as const;

/** One of the scopes. */
export type Scope = (typeof SCOPES)[number];

/** A key as the configuration declares it. */
export interface AccessKey {
  name: string;
  /** Of the key's UTF-8 bytes, 64 hexadecimal digits in lower case. */
  sha256: string;
  scopes: readonly Scope[];
}

/** The headers that say who asks. */
interface AskingHeaders {
  authorization?: string | undefined;
  host?: string | undefined;
  origin?: string | undefined;
}

const CHALLENGE = { "WWW-Authenticate": 'Bearer realm="driftkeel"' };

/** Whether a host (name or address, without a port) means this machine alone. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIPv4(host) && host.startsWith("127."));
}

/** Decides on requests. */
export class Access {
  readonly #keys: readonly { key: AccessKey; digest: Buffer }[];

  constructor(keys: readonly AccessKey[]) {
    this.#keys = keys.map((key) => ({ key, digest: Buffer.from(key.sha256, "hex") }));
  }

  /**
   * The key that a request carries, undefined without a known one. Looks at every key, so that the
   * time taken does not tell which one was near.
   */
  find({ authorization }: AskingHeaders): AccessKey | undefined {
    const token = tokenOf(authorization);
    if (token === undefined) return undefined;
    const digest = createHash("sha256").update(token).digest();
    let found: AccessKey | undefined;
    for (const each of this.#keys) if (timingSafeEqual(digest, each.digest)) found = each.key;
    return found;
  }

  /** key: what `find` found. Throws a problem: 401 without one, 403 when it lacks the scope. */
  check(headers: AskingHeaders, key: AccessKey | undefined, scope: Scope): void {
    if (this.#keys.length === 0) {
      checkNear(headers);
      return;
    }
    if (key?.scopes.includes(scope)) return;
    if (key) throw new ProblemError(403, `Expected a key with the scope "${scope}".`);
    const detail =
      tokenOf(headers.authorization) === undefined
        ? 'Expected the header "Authorization: Bearer <key>".'
        : "Expected a key that is declared.";
    throw new ProblemError(401, detail, CHALLENGE);
  }
}

function tokenOf(authorization: string | undefined): string | undefined {
  return /^Bearer ([\x21-\x7e]{1,512})$/i.exec(authorization ?? "")?.[1];
}

/** A page of another site in this machine's browser is not this machine. */
function checkNear({ host, origin }: AskingHeaders): void {
  const isNear = isNearUrl(`http://${host ?? ""}`) && (origin === undefined || isNearUrl(origin));
  if (isNear) return;
  const detail = "Without keys only requests to and from this machine's own address are answered.";
  throw new ProblemError(403, detail);
}

function isNearUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  return isLoopback(new URL(text).hostname.replace(/^\[(.*)\]$/, "$1"));
}
