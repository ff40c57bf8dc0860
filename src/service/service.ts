// The whole service: models opened, a server that listens, and the way back.

import type { AddressInfo } from "node:net";
import { DriftkeelError, DriftkeelRangeError } from "../errors.ts";
import { isLoopback } from "./access.ts";
import { ModelHost } from "./model-host.ts";
import { createServer } from "./server.ts";
import { parseServiceConfig } from "./service-config.ts";
import { type LogSink, parseLimits, type ServerLimits } from "./service-options.ts";

/** What a service is started with. */
export interface ServiceOptions {
  /** Text of the configuration file, and what messages call it. */
  config: { name: string; text: string };
  /** Holds a folder per model. */
  baseDir: string;
  /** Default 127.0.0.1; another than loopback needs keys. */
  host?: string;
  /** Default 8600; 0 for any free one. */
  port?: number;
  limits?: ServerLimits;
  /** Gets structured logs; default none. */
  log?: LogSink;
  /** Default "info". */
  logLevel?: "info" | "error";
}

/** A service that listens. */
export interface Service {
  /** `http://127.0.0.1:8600` */
  url: string;
  /** Ids of the models that serve. */
  models: readonly string[];
  /** Why the others do not, by id. */
  failures: ReadonlyMap<string, unknown>;
  /** Stops listening, finishes what runs, closes the models. Again only waits. */
  close(): Promise<void>;
}

/**
 * Opens the models and listens. Throws OPTION_INVALID, OPTION_UNKNOWN for a wrong configuration or
 * a host beyond loopback without keys, the error of the first model when none can be opened, and
 * FILE_FAILED when the address cannot be listened on.
 */
export async function startService(options: ServiceOptions): Promise<Service> {
  const { config, baseDir, host: address = "127.0.0.1", port = 8600, log } = options;
  const { models, keys } = parseServiceConfig(config.name, config.text);
  const limits = parseLimits(options.limits);
  if (keys.length === 0 && !isLoopback(address)) {
    throw new DriftkeelRangeError(
      "OPTION_INVALID",
      `Expected "keys" in ${config.name} to listen on ${address}: without keys the service ` +
        "listens on this machine alone (127.0.0.1).",
    );
  }
  const host = await ModelHost.open(models, baseDir);
  try {
    if (host.models.length === 0) throw [...host.failures.values()][0];
    const logLevel = options.logLevel ?? "info";
    const app = await createServer(host, { ...limits, keys, log, logLevel });
    for (const [model, err] of host.failures) app.log.error({ model, err }, "model not opened");
    await listen(app, address, port);
    return running(host, app);
  } catch (error) {
    await host.close();
    throw error;
  }
}

type App = Awaited<ReturnType<typeof createServer>>;

async function listen(app: App, host: string, port: number): Promise<void> {
  try {
    await app.listen({ host, port });
  } catch (cause) {
    await app.close();
    const message = `Expected to be able to listen on ${host}, port ${port}: ${cause}.`;
    throw new DriftkeelError("FILE_FAILED", message, { cause });
  }
}

function running(host: ModelHost, app: App): Service {
  let closing: Promise<void> | undefined;
  const { address, family, port } = app.server.address() as AddressInfo;
  return {
    url: `http://${family === "IPv6" ? `[${address}]` : address}:${port}`,
    models: host.models.map(({ id }) => id),
    failures: host.failures,
    close() {
      closing ??= closeAll(host, app);
      return closing;
    },
  };
}

async function closeAll(host: ModelHost, app: App): Promise<void> {
  try {
    await app.close();
  } finally {
    await host.close();
  }
}
