// A server over fresh models in a temporary folder, asked without sockets.

import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseModelConfigs } from "../../src/config/model-config.ts";
import type { Clock } from "../../src/index.ts";
import type { AccessKey } from "../../src/service/access.ts";
import { openJobs, type UpdateJobs } from "../../src/service/jobs/update-jobs.ts";
import { ModelHost } from "../../src/service/model-host.ts";
import { createServer, type ServerParts } from "../../src/service/server.ts";
import { parseClock, parseLimits, type ServerLimits } from "../../src/service/service-options.ts";
import { signal } from "../config/config-file.ts";

/** A key of a name that may do one thing; the name is the key. */
export function keyOf(name: string, scopes: AccessKey["scopes"]): AccessKey {
  return { name, sha256: createHash("sha256").update(name).digest("hex"), scopes };
}

const systemClock = parseClock(undefined);

/** A body with `count` samples of y = sin(3x), one a line. */
export function batch(count: number, shift = 0): string {
  return Array.from({ length: count }, (_, index) => {
    const x = Math.sin(12.9898 * index);
    return `${JSON.stringify({ input: [x], label: [Math.sin(3 * x) + shift] })}\n`;
  }).join("");
}

interface Setting {
  models?: object;
  keys?: readonly AccessKey[];
  limits?: ServerLimits;
  log?: { write(text: string): void };
  now?: Clock;
  /** What a server before left; default: a new folder. */
  baseDir?: string;
}

/** A server over `models`, by default one that is named signal. */
export class Served {
  readonly baseDir: string;
  readonly host: ModelHost;
  readonly jobs: UpdateJobs;
  readonly app: Awaited<ReturnType<typeof createServer>>;

  private constructor(baseDir: string, { host, jobs }: ServerParts, app: Served["app"]) {
    this.baseDir = baseDir;
    this.host = host;
    this.jobs = jobs;
    this.app = app;
  }

  static async open({
    models = { signal },
    keys = [],
    limits,
    log,
    now = systemClock,
    baseDir = mkdtempSync(join(tmpdir(), "driftkeel-service-")),
  }: Setting = {}) {
    const configs = parseModelConfigs("test.json", JSON.stringify({ models }));
    const host = await ModelHost.open(configs, { baseDir, now });
    const jobs = await openJobs(host, { baseDir, now });
    const options = { ...parseLimits(limits), keys, log, logLevel: "info" as const };
    return new Served(baseDir, { host, jobs }, await createServer({ host, jobs }, options));
  }

  /** The answer to a request; a body that is no text is sent as JSON. */
  async ask(method: "GET" | "POST" | "DELETE", url: string, body?: unknown, headers: object = {}) {
    const isText = typeof body === "string";
    const answer = await this.app.inject({
      method,
      url,
      ...(body !== undefined && { payload: body as object }),
      headers: { ...(isText && { "content-type": "application/x-ndjson" }), ...headers },
    });
    const isJson = /json/.test(`${answer.headers["content-type"]}`);
    const json = isJson ? answer.json() : undefined;
    return { status: answer.statusCode, headers: answer.headers, text: answer.body, json };
  }

  /** Closes the server and the models, and leaves their folder. */
  async stop(): Promise<void> {
    await this.app.close();
    await this.jobs.close();
    await this.host.close();
  }

  /** Closes all, and removes the folder. */
  async close(): Promise<void> {
    await this.stop();
    rmSync(this.baseDir, { recursive: true, force: true });
  }
}
