// How many requests a client may send: a bucket of tokens that fills at a steady rate.

import { ProblemError } from "./problem.ts";

/** Clients remembered; beyond that the one that was silent for longest is forgotten. */
const MOST_CLIENTS = 10_000;

/** A steady rate, and what may come at once. */
interface RateLimits {
  requestsPerSecond: number;
  requestBurst: number;
}

/**
 * Counts requests by client. Of each it keeps one number: the moment at which its bucket is full
 * again (the generic cell rate algorithm, ITU-T I.371).
 */
export class RateLimit {
  readonly #msPerRequest: number;
  readonly #burstMs: number;
  readonly #nowMs: () => number;
  /** The client that asked last comes last. */
  readonly #fullAt = new Map<string, number>();

  /** nowMs: a clock that only goes forward. */
  constructor({ requestsPerSecond, requestBurst }: RateLimits, nowMs: () => number) {
    this.#msPerRequest = 1000 / requestsPerSecond;
    this.#burstMs = requestBurst * this.#msPerRequest;
    this.#nowMs = nowMs;
  }

  /** Takes a request in. Throws a problem: 429, which costs the client nothing. */
  take(client: string): void {
    const nowMs = this.#nowMs();
    const fullAt = Math.max(this.#fullAt.get(client) ?? nowMs, nowMs) + this.#msPerRequest;
    const surplusMs = fullAt - nowMs - this.#burstMs;
    if (surplusMs > ROUNDING_MS) {
      const seconds = Math.max(1, Math.ceil(surplusMs / 1000));
      const detail = "Expected fewer requests a second; Retry-After says when to come back.";
      throw new ProblemError(429, detail, { "Retry-After": `${seconds}` });
    }
    this.#fullAt.delete(client);
    this.#fullAt.set(client, fullAt);
    if (this.#fullAt.size <= MOST_CLIENTS) return;
    const [silent] = this.#fullAt.keys();
    this.#fullAt.delete(silent!);
  }

  /** Clients that are remembered. */
  get clients(): number {
    return this.#fullAt.size;
  }
}

/** Sums of fractions of a millisecond are off by less. */
const ROUNDING_MS = 1e-6;
