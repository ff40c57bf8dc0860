// The REST interface of an MLflow tracking server: requests, time limits, repetitions, checks.

import type * as z from "zod/mini";
import { encodeBase64 } from "../../foundation.ts";
import { DriftkeelError } from "../../index.ts";
import { nothing } from "./mlflow-answers.ts";
import { refusal, strangeAnswer, unreachable } from "./mlflow-failure.ts";
import type { ParsedMlflowOptions } from "./mlflow-options.ts";

const API = "api/2.0/mlflow/";
const ARTIFACTS = "api/2.0/mlflow-artifacts/artifacts/";
/** What an answer in JSON may take. */
const MAX_ANSWER_BYTES = 16_777_216;
/** After the first attempt; doubled with each further one. */
const FIRST_PAUSE_MS = 200;
/** The server or what stands before it is busy or starts anew. */
const PASSING: readonly number[] = [429, 502, 503, 504];

/** A request for JSON. */
export interface MlflowRequest<S> {
  method: "GET" | "POST" | "DELETE";
  /** Below `api/2.0/mlflow/`. */
  path: string;
  /** In words, for messages: MLflow is expected to ... */
  what: string;
  query?: Record<string, string>;
  body?: object;
  /** Whether doing it twice is the same as once. GET and DELETE always are. */
  isRepeatable?: boolean;
  answer: S;
}

interface Exchange {
  method: string;
  url: URL;
  what: string;
  body?: { type: string; bytes: string | Uint8Array };
  isRepeatable: boolean;
  timeoutMs: number;
  maxBytes: number;
}

/** Sends requests to one server. Every method throws FILE_FAILED; a refusal is a MlflowRefusal. */
export class MlflowClient {
  readonly #options: ParsedMlflowOptions;
  readonly #authorization: string | undefined;

  constructor(options: ParsedMlflowOptions) {
    this.#options = options;
    this.#authorization = authorizationOf(options);
  }

  /** The server's address, for messages. */
  get server(): string {
    return this.#options.url.replace(/\/$/, "");
  }

  /** The answer to a request, checked. */
  async ask<S extends z.ZodMiniType>(request: MlflowRequest<S>): Promise<z.output<S>> {
    const { method, path, what, query = {}, body, isRepeatable = method !== "POST" } = request;
    const url = new URL(API + path, this.#options.url);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const bytes = await this.#exchange({
      method,
      url,
      what,
      ...(body && { body: { type: "application/json", bytes: JSON.stringify(body) } }),
      isRepeatable,
      timeoutMs: this.#options.timeoutMs,
      maxBytes: MAX_ANSWER_BYTES,
    });
    const parsed = request.answer.safeParse(jsonOf(bytes));
    if (parsed.success) return parsed.data;
    throw strangeAnswer(this.server, what, "an answer of another form");
  }

  /** A POST that may be repeated and whose answer says nothing. */
  async post(path: string, what: string, body: object): Promise<void> {
    const isRepeatable = true;
    await this.ask({ method: "POST", path, what, body, isRepeatable, answer: nothing });
  }

  /** Stores an artifact through the server; one of the same path is replaced. */
  async upload(path: string, bytes: Uint8Array): Promise<void> {
    await this.#transfer("PUT", path, { type: "application/octet-stream", bytes });
  }

  /** The bytes of an artifact. */
  async download(path: string): Promise<Uint8Array> {
    return this.#transfer("GET", path);
  }

  #transfer(method: string, path: string, body?: Exchange["body"]): Promise<Uint8Array> {
    const names = path.split("/").map(encodeURIComponent).join("/");
    return this.#exchange({
      method,
      url: new URL(ARTIFACTS + names, this.#options.url),
      what: `${body ? "store" : "give"} the artifact ${path}`,
      ...(body && { body }),
      isRepeatable: true,
      timeoutMs: this.#options.transferTimeoutMs,
      maxBytes: this.#options.maxArtifactBytes,
    });
  }

  async #exchange(exchange: Exchange): Promise<Uint8Array> {
    const attempts = exchange.isRepeatable ? this.#options.maxAttempts : 1;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#attempt(exchange);
      } catch (error) {
        const { status } = error as { status?: number };
        const isPassing = status === undefined ? isOutOfReach(error) : PASSING.includes(status);
        if (!isPassing || attempt >= attempts) throw error;
        await pause(FIRST_PAUSE_MS * 2 ** (attempt - 1));
      }
    }
  }

  async #attempt({ method, url, what, body, timeoutMs, maxBytes }: Exchange): Promise<Uint8Array> {
    const headers = new Headers({ Accept: "application/json, application/octet-stream" });
    if (this.#authorization) headers.set("Authorization", this.#authorization);
    if (body) headers.set("Content-Type", body.type);
    try {
      const answer = await fetch(url, {
        method,
        headers,
        ...(body && { body: body.bytes as BodyInit }),
        // Credentials go to this server and to no other.
        redirect: "manual",
        signal: AbortSignal.timeout(timeoutMs),
      });
      const bytes = await bytesOf(answer, maxBytes);
      if (answer.ok && bytes) return bytes;
      if (answer.ok) throw strangeAnswer(this.server, what, `more than ${maxBytes} bytes`);
      const text = new TextDecoder().decode(bytes ?? new Uint8Array(0));
      throw refusal(this.server, what, answer.status, text);
    } catch (cause) {
      throw cause instanceof DriftkeelError ? cause : unreachable(this.server, what, cause);
    }
  }
}

/** Whether there was no answer at all: what `unreachable` made. */
function isOutOfReach(error: unknown): boolean {
  return error instanceof DriftkeelError && error.cause !== undefined;
}

function authorizationOf({ token, user, password }: ParsedMlflowOptions): string | undefined {
  if (token !== undefined) return `Bearer ${token}`;
  if (user === undefined) return undefined;
  return `Basic ${encodeBase64(new TextEncoder().encode(`${user}:${password}`))}`;
}

/** The body of an answer; undefined when it is longer than `maxBytes`. */
async function bytesOf(answer: Response, maxBytes: number): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of (answer.body ?? []) as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length > maxBytes) return undefined; // leaving the loop ends the transfer
    chunks.push(chunk);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

function pause(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}
