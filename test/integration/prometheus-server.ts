// A real Prometheus on loopback, started on a folder with a configuration, and what its API says.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";

const POLL_MS = 100;

/**
 * Asks again and again until there is an answer. Throws when there is none after `limitMs`.
 * what: in words, for the message.
 */
export async function until<T>(
  what: string,
  limitMs: number,
  ask: () => Promise<T | undefined>,
): Promise<T> {
  const end = performance.now() + limitMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > end) throw new Error(`Waited ${limitMs} ms in vain: ${what}.`);
    await setTimeout(POLL_MS);
  }
}

/** A target as Prometheus sees it. */
export interface Target {
  health: string;
  lastError: string;
}

/** A rule that was loaded. */
export interface LoadedRule {
  name: string;
  health: string;
  lastError?: string;
}

/** An alert that is pending or firing. */
export interface ActiveAlert {
  labels: Record<string, string>;
  state: string;
}

/** The process, and questions to it. */
export class PrometheusServer {
  readonly #child: ChildProcess;
  readonly #url: string;
  #log = "";

  private constructor(folder: string, port: number) {
    this.#url = `http://127.0.0.1:${port}`;
    const args = [
      `--config.file=${join(folder, "prometheus.yml")}`,
      `--storage.tsdb.path=${join(folder, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ];
    this.#child = spawn("prometheus", args, { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
    this.#child.stderr!.on("data", (chunk) => {
      this.#log += chunk;
    });
  }

  /** Starts it; resolves once it is ready. */
  static async start(folder: string, port: number): Promise<PrometheusServer> {
    const server = new PrometheusServer(folder, port);
    const ask = async () => ((await server.#isReady()) ? true : undefined);
    try {
      await until("Prometheus is ready", 30_000, ask);
    } catch (error) {
      await server.stop();
      throw new Error(`${error}\n${server.#log}`);
    }
    return server;
  }

  /** The `data` of an answer of its API. */
  async ask<T>(path: string): Promise<T> {
    const answer = await fetch(`${this.#url}/api/v1/${path}`);
    const { status, data, error } = (await answer.json()) as {
      status: string;
      data: T;
      error?: string;
    };
    if (status !== "success") throw new Error(`Prometheus answered ${path} with ${error}.`);
    return data;
  }

  /** The value of the one series that an expression gives. */
  async value(expression: string): Promise<number> {
    const path = `query?query=${encodeURIComponent(expression)}`;
    const { result } = await this.ask<{ result: { value: [number, string] }[] }>(path);
    if (result.length !== 1) throw new Error(`${expression} gave ${result.length} series.`);
    return Number(result[0]!.value[1]);
  }

  /** Ends it, by force when it does not end by itself in time. */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, "close");
    this.#child.kill("SIGTERM");
    const late = new AbortController();
    const isLate = setTimeout(10_000, true, { signal: late.signal }).catch(() => false);
    if ((await Promise.race([ended.then(() => false), isLate])) === true) {
      this.#child.kill("SIGKILL");
    }
    late.abort();
    await ended;
  }

  async #isReady(): Promise<boolean> {
    if (this.#child.exitCode !== null) throw new Error("Prometheus has ended.");
    try {
      return (await fetch(`${this.#url}/-/ready`)).ok;
    } catch {
      return false;
    }
  }
}
