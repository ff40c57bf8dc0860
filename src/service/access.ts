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
  readonly #keys: readonly { digest: Buffer; scopes: readonly Scope[] }[];

  constructor(keys: readonly AccessKey[]) {
    this.#keys = keys.map(({ sha256, scopes }) => ({ digest: Buffer.from(sha256, "hex"), scopes }));
  }

  /** Throws a problem: 401 without a known key, 403 when it lacks the scope. */
  check(headers: AskingHeaders, scope: Scope): void {
    if (this.#keys.length === 0) {
      checkNear(headers);
      return;
    }
    const token = /^Bearer ([\x21-\x7e]{1,512})$/i.exec(headers.authorization ?? "")?.[1];
    if (token === undefined) {
      throw new ProblemError(401, 'Expected the header "Authorization: Bearer <key>".', CHALLENGE);
    }
    const scopes = this.#scopesOf(token);
    if (!scopes) throw new ProblemError(401, "Expected a key that is declared.", CHALLENGE);
    if (!scopes.includes(scope)) {
      throw new ProblemError(403, `Expected a key with the scope "${scope}".`);
    }
  }

  /** Looks at every key, so that the time taken does not tell which one was near. */
  #scopesOf(token: string): readonly Scope[] | undefined {
    const digest = createHash("sha256").update(token).digest();
    let scopes: readonly Scope[] | undefined;
    for (const key of this.#keys) {
      if (timingSafeEqual(digest, key.digest)) scopes = key.scopes;
    }
    return scopes;
  }
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
