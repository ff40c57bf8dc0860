// The whole service: models opened, a server that listens, and the way back.

import type { AddressInfo } from "node:net";
import { DriftkeelError, DriftkeelRangeError } from "../errors.ts";
import type { Clock } from "../index.ts";
import { isLoopback } from "./access.ts";
import { openJobs, type UpdateJobs } from "./jobs/update-jobs.ts";
import { ModelHost } from "./model-host.ts";
import { createServer } from "./server.ts";
import { parseServiceConfig } from "./service-config.ts";
import { type LogSink, parseClock, parseLimits, type ServerLimits } from "./service-options.ts";

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
  /** Default: the system's clock. */
  now?: Clock;
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
  const { models, keys, alerts } = parseServiceConfig(config.name, config.text);
  const limits = parseLimits(options.limits);
  if (keys.length === 0 && !isLoopback(address)) {
    throw new DriftkeelRangeError(
      "OPTION_INVALID",
      `Expected "keys" in ${config.name} to listen on ${address}: without keys the service ` +
        "listens on this machine alone (127.0.0.1).",
    );
  }
  const now = parseClock(options.now);
  const host = await ModelHost.open(models, { baseDir, now });
  let jobs: UpdateJobs | undefined;
  try {
    if (host.models.length === 0) throw [...host.failures.values()][0];
    jobs = await openJobs(host, { baseDir, now });
    const logLevel = options.logLevel ?? "info";
    const settings = { ...limits, keys, log, logLevel, now, alerts };
    const app = await createServer({ host, jobs }, settings);
    tellFailures(host, jobs, app);
    await listen(app, address, port);
    return running(host, jobs, app);
  } catch (error) {
    await jobs?.close();
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

/** To the log: clients are told no more than that something failed. */
function tellFailures(host: ModelHost, jobs: UpdateJobs, app: App): void {
  for (const [model, err] of host.failures) app.log.error({ model, err }, "model not opened");
  for (const { id: model, samplesFailure: err } of host.models) {
    if (err) app.log.error({ model, err }, "samples are not kept for windows");
  }
  for (const file of jobs.damaged) app.log.error({ file }, "no job as it was written");
  host.watch({ failure: (model, err) => app.log.error({ model, err }, "sample not learned") });
  jobs.onFailure = (err, message) => app.log.error({ err }, message);
}

function running(host: ModelHost, jobs: UpdateJobs, app: App): Service {
  let closing: Promise<void> | undefined;
  const { address, family, port } = app.server.address() as AddressInfo;
  return {
    url: `http://${family === "IPv6" ? `[${address}]` : address}:${port}`,
    models: host.models.map(({ id }) => id),
    failures: host.failures,
    close() {
      closing ??= closeAll(host, jobs, app);
      return closing;
    },
  };
}

/** New requests first, then jobs, then what both work on. */
async function closeAll(host: ModelHost, jobs: UpdateJobs, app: App): Promise<void> {
  try {
    await app.close();
  } finally {
    try {
      await jobs.close();
    } finally {
      await host.close();
    }
  }
}
