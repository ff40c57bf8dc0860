// Asks a server over connections that are kept open, and looks at how long it took.

import { Agent, request } from "node:http";

/** What a server answered. */
export interface Answer {
  status: number;
  /** Parsed, where it is JSON. */
  json: Record<string, unknown>;
  retryAfterMs: number;
  /** From the call to the last byte. */
  elapsedMs: number;
}

/** One connection to a server. */
export class Client {
  readonly #url: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });

  constructor(url: string) {
    this.#url = url;
  }

  get(path: string): Promise<Answer> {
    return this.#ask("GET", path);
  }

  /** Sends a body; text is sent as NDJSON, anything else as JSON. */
  post(path: string, body: unknown): Promise<Answer> {
    return typeof body === "string"
      ? this.#ask("POST", path, body, "application/x-ndjson")
      : this.#ask("POST", path, JSON.stringify(body), "application/json");
  }

  close(): void {
    this.#agent.destroy();
  }

  #ask(method: string, path: string, body?: string, type?: string): Promise<Answer> {
    const start = performance.now();
    const length = body === undefined ? undefined : Buffer.byteLength(body);
    const headers = type ? { "Content-Type": type, "Content-Length": length } : {};
    return new Promise((resolve, reject) => {
      const sent = request(
        `${this.#url}${path}`,
        { method, headers, agent: this.#agent },
        (answer) => {
          let text = "";
          answer.setEncoding("utf8").on("data", (part) => {
            text += part;
          });
          answer.once("error", reject);
          answer.once("end", () => {
            const isJson = /json/.test(answer.headers["content-type"] ?? "");
            resolve({
              status: answer.statusCode!,
              json: isJson ? JSON.parse(text) : {},
              retryAfterMs: 1000 * Number(answer.headers["retry-after"] ?? 0),
              elapsedMs: performance.now() - start,
            });
          });
        },
      );
      sent.once("error", reject);
      sent.end(body);
    });
  }
}

/** Median, 99th percentile and largest of some times, as text. */
export function summary(times: readonly number[]): { p50: number; p99: number; max: number } {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (part: number) => sorted[Math.floor(part * (sorted.length - 1))] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99), max: at(1) };
}
