// A server over fresh models in a temporary folder, asked without sockets.

import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseModelConfigs } from "../../src/config/model-config.ts";
import type { AccessKey } from "../../src/service/access.ts";
import { ModelHost } from "../../src/service/model-host.ts";
import { createServer } from "../../src/service/server.ts";
import { parseLimits, type ServerLimits } from "../../src/service/service-options.ts";
import { signal } from "../config/config-file.ts";

/** A key of a name that may do one thing; the name is the key. */
export function keyOf(name: string, scopes: AccessKey["scopes"]): AccessKey {
  return { name, sha256: createHash("sha256").update(name).digest("hex"), scopes };
}

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
}

/** A server over `models`, by default one that is named signal. */
export class Served {
  readonly baseDir: string;
  readonly host: ModelHost;
  readonly app: Awaited<ReturnType<typeof createServer>>;

  private constructor(baseDir: string, host: ModelHost, app: Served["app"]) {
    this.baseDir = baseDir;
    this.host = host;
    this.app = app;
  }

  static async open({ models = { signal }, keys = [], limits, log }: Setting = {}) {
    const baseDir = mkdtempSync(join(tmpdir(), "driftkeel-service-"));
    const configs = parseModelConfigs("test.json", JSON.stringify({ models }));
    const host = await ModelHost.open(configs, baseDir);
    const options = { ...parseLimits(limits), keys, log, logLevel: "info" as const };
    return new Served(baseDir, host, await createServer(host, options));
  }

  /** The answer to a request; a body that is no text is sent as JSON. */
  async ask(method: "GET" | "POST", url: string, body?: unknown, headers: object = {}) {
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

  /** Closes the server and the models. */
  async close(): Promise<void> {
    await this.app.close();
    await this.host.close();
    rmSync(this.baseDir, { recursive: true, force: true });
  }
}
