// Delivers messages to a webhook, one after the other, without anybody waiting for it.

import { setTimeout } from "node:timers/promises";
import { Turns } from "../../foundation.ts";
import type { MessageEnd } from "../metrics.ts";
import type { AlertMessage, MessageEncoder } from "./alert-message.ts";

/** The pause after the first failure; each further one is twice as long, up to the longest. */
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 60_000;

/** Answers below 500 after which the same request may succeed later. */
const PASSING = [408, 425, 429];

/** Limits of the deliveries. */
export interface WebhookLimits {
  /** Milliseconds that one attempt may take. */
  timeoutMs: number;
  maxAttempts: number;
  /** Messages that may wait, the one under way included. */
  maxWaiting: number;
}

/** What a webhook works with. */
export interface WebhookParts extends WebhookLimits {
  url: string;
  encode: MessageEncoder;
  /** Milliseconds since 1970. */
  nowMs: () => number;
  /** Waits; rejects when the signal says so. */
  pause?: (ms: number, signal: AbortSignal) => Promise<unknown>;
  count(end: MessageEnd): void;
  /** Gets what is worth a line in the log: no address and no body, they may hold secrets. */
  warn(details: object, message: string): void;
}

/** What came of one attempt: delivered, or why not. */
interface Attempt {
  isDelivered: boolean;
  mayRetry: boolean;
  problem: string;
}

/** Sends messages in the order in which they come. */
export class Webhook {
  readonly #parts: WebhookParts;
  readonly #turns = new Turns();
  readonly #end = new AbortController();
  #waiting = 0;

  constructor(parts: WebhookParts) {
    this.#parts = parts;
  }

  /** Resolves, in its time, with whether the message was delivered. Throws nothing. */
  async send(message: AlertMessage): Promise<boolean> {
    const { maxWaiting, count, warn } = this.#parts;
    const { model, alert, state } = message;
    if (this.#waiting >= maxWaiting || this.#end.signal.aborted) {
      count("dropped");
      warn({ model, alert, state }, "alert not sent: too many wait");
      return false;
    }
    this.#waiting += 1;
    const isDelivered = await this.#turns.run(() => this.#deliver(message));
    this.#waiting -= 1;
    count(isDelivered ? "delivered" : "failed");
    return isDelivered;
  }

  /** Gives what waits `graceMs` milliseconds and then breaks it off. */
  async close(graceMs: number): Promise<void> {
    const drained = this.#turns.run(async () => {});
    const timer = new AbortController();
    const isOver = setTimeout(graceMs, undefined, { signal: timer.signal }).catch(() => {});
    await Promise.race([drained, isOver]);
    timer.abort();
    this.#end.abort();
    await drained;
  }

  async #deliver(message: AlertMessage): Promise<boolean> {
    const { maxAttempts, warn } = this.#parts;
    const { model, alert, state } = message;
    for (let attempt = 1; !this.#end.signal.aborted; attempt++) {
      const { isDelivered, mayRetry, problem } = await this.#try(message);
      if (isDelivered) return true;
      const isLast = !mayRetry || attempt >= maxAttempts;
      const outcome = isLast ? "alert not delivered" : "alert not delivered yet";
      warn({ model, alert, state, attempt, problem }, outcome);
      if (isLast) return false;
      await this.#pauseAfter(attempt);
    }
    return false;
  }

  async #try(message: AlertMessage): Promise<Attempt> {
    const { url, encode, nowMs, timeoutMs } = this.#parts;
    const { body, headers } = encode(message, nowMs());
    const signal = AbortSignal.any([AbortSignal.timeout(timeoutMs), this.#end.signal]);
    try {
      const answer = await fetch(url, {
        method: "POST",
        headers: { "Content-Type": "application/json", "User-Agent": "driftkeel", ...headers },
        body,
        redirect: "manual", // another host is not whom the message is for
        signal,
      });
      await answer.body?.cancel();
      const { status } = answer;
      const mayRetry = status >= 500 || PASSING.includes(status);
      return { isDelivered: answer.ok, mayRetry, problem: `status ${status}` };
    } catch (error) {
      return { isDelivered: false, mayRetry: true, problem: problemOf(error) };
    }
  }

  async #pauseAfter(attempt: number): Promise<void> {
    const { pause = (ms, signal) => setTimeout(ms, undefined, { signal }) } = this.#parts;
    const ms = Math.min(FIRST_PAUSE_MS * 2 ** (attempt - 1), LONGEST_PAUSE_MS);
    await pause(ms, this.#end.signal).catch(() => {});
  }
}

/** `TimeoutError`, `ECONNREFUSED`: messages of errors may show the address. */
function problemOf(error: unknown): string {
  const { name, cause } = error as { name?: string; cause?: { code?: unknown } };
  return typeof cause?.code === "string" ? cause.code : String(name);
}
