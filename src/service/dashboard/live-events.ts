// Listens to the service's events, and comes back when the stream breaks.

import { EventText } from "./event-text.ts";
import { Problem } from "./service-client.ts";

/** Pauses between attempts grow from the first to the last. */
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;
/** The service shows that it lives every 15 s; three times that without a byte is a dead line. */
const SILENCE_MS = 45_000;

/** Where a connection stands. */
export type LiveState = "connecting" | "live" | "reconnecting";

/** What it listens to, and whom it tells. */
interface LiveParts {
  open(signal: AbortSignal): Promise<ReadableStream<Uint8Array>>;
  /** Called with the data of each event. */
  hear(data: string): void;
  /** Called whenever it changes; after "live", what was missed has to be loaded. */
  standsAt(state: LiveState): void;
  /** Called with what broke a stream, or kept it from being opened. */
  failed(error: unknown): void;
}

/** A stream of events that is opened again until `stop`. */
export class LiveEvents {
  readonly #parts: LiveParts;
  #isStopped = false;
  #attempt: AbortController | undefined;
  #endPause: (() => void) | undefined;

  constructor(parts: LiveParts) {
    this.#parts = parts;
  }

  /** Listens until `stop`. Throws nothing. */
  async run(): Promise<void> {
    let pauseMs = FIRST_PAUSE_MS;
    this.#parts.standsAt("connecting");
    while (!this.#isStopped) {
      let asked = 0;
      try {
        await this.#listen(() => {
          pauseMs = FIRST_PAUSE_MS;
          this.#parts.standsAt("live");
        });
      } catch (error) {
        // Whatever broke it: the way out is the same.
        if (error instanceof Problem) asked = error.retryAfterMs;
        if (!this.#isStopped) this.#parts.failed(error);
      }
      if (this.#isStopped) return;
      this.#parts.standsAt("reconnecting");
      await this.#pause(Math.max(pauseMs, asked));
      pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
    }
  }

  /** Ends the pause before the next attempt. */
  retryNow(): void {
    this.#endPause?.();
  }

  stop(): void {
    this.#isStopped = true;
    this.#attempt?.abort();
    this.#endPause?.();
  }

  async #listen(opened: () => void): Promise<void> {
    const attempt = new AbortController();
    this.#attempt = attempt;
    const stream = await this.#parts.open(attempt.signal);
    opened();
    const text = new EventText();
    const decoder = new TextDecoder();
    const reader = stream.getReader();
    let silence = setTimeout(() => attempt.abort(), SILENCE_MS);
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        clearTimeout(silence);
        silence = setTimeout(() => attempt.abort(), SILENCE_MS);
        for (const data of text.push(decoder.decode(value, { stream: true }))) {
          if (!this.#isStopped) this.#parts.hear(data);
        }
      }
    } finally {
      clearTimeout(silence);
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#endPause = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
