// The whole service: models opened, a server that listens, and the way back.

import type { AddressInfo } from "node:net";
import { DriftkeelError, DriftkeelRangeError } from "../errors.ts";
import type { Clock, LearnerEvent } from "../index.ts";
import { UpdateEvents } from "../integrations/kafka/index.ts";
import { isLoopback } from "./access.ts";
import { openJobs, type UpdateJobs } from "./jobs/update-jobs.ts";
import { ModelHost } from "./model-host.ts";
import { type PartnerSettings, Partners } from "./partners.ts";
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
  const parsed = parseServiceConfig(config.name, config.text);
  const { models, keys, alerts, kafka } = parsed;
  const limits = parseLimits(options.limits);
  if (keys.length === 0 && !isLoopback(address)) {
    throw new DriftkeelRangeError(
      "OPTION_INVALID",
      `Expected "keys" in ${config.name} to listen on ${address}: without keys the service ` +
        "listens on this machine alone (127.0.0.1).",
    );
  }
  const now = parseClock(options.now);
  const events = kafka && (await UpdateEvents.open({ settings: kafka, baseDir, now }));
  const partners = await openPartners(parsed.partners, { baseDir, now, events });
  const { samplesOf } = partners;
  const keepEvents = async (happenings: readonly LearnerEvent[]) => {
    await events?.keep(happenings);
    await partners.keep(happenings);
  };
  const host = await ModelHost.open(models, { baseDir, now, keepEvents, samplesOf });
  let jobs: UpdateJobs | undefined;
  try {
    if (host.models.length === 0) throw [...host.failures.values()][0];
    jobs = await openJobs(host, { baseDir, now });
    events?.attach(jobs);
    await partners.follow(host.models);
    const logLevel = options.logLevel ?? "info";
    const outboxes = new Map(partners.outboxes);
    if (events) outboxes.set("kafka", () => events.status());
    const settings = { ...limits, keys, log, logLevel, now, alerts, outboxes };
    const app = await createServer({ host, jobs }, settings);
    tellFailures(host, jobs, app);
    if (events) events.onFailure = (err) => app.log.error({ err }, "event not delivered");
    partners.onFailure((partner, err) => app.log.error({ partner, err }, "partner not told"));
    await listen(app, address, port);
    return running({ host, jobs, events, partners }, app);
  } catch (error) {
    await jobs?.close();
    await host.close();
    await events?.close();
    await partners.close();
    throw error;
  }
}

/** Whatever fails leaves nothing open. */
async function openPartners(
  settings: PartnerSettings,
  { baseDir, now, events }: { baseDir: string; now: Clock; events: UpdateEvents | undefined },
): Promise<Partners> {
  try {
    return await Partners.open(settings, { baseDir, now });
  } catch (error) {
    await events?.close();
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

/** What a service is made of, beside its server. */
interface ServiceParts {
  host: ModelHost;
  jobs: UpdateJobs;
  events: UpdateEvents | undefined;
  partners: Partners;
}

function running(parts: ServiceParts, app: App): Service {
  const { host } = parts;
  let closing: Promise<void> | undefined;
  const { address, family, port } = app.server.address() as AddressInfo;
  return {
    url: `http://${family === "IPv6" ? `[${address}]` : address}:${port}`,
    models: host.models.map(({ id }) => id),
    failures: host.failures,
    close() {
      closing ??= closeAll(parts, app);
      return closing;
    },
  };
}

/** New requests first, then jobs, then what both work on. */
async function closeAll({ host, jobs, events, partners }: ServiceParts, app: App): Promise<void> {
  try {
    await app.close();
  } finally {
    try {
      await jobs.close();
    } finally {
      try {
        await host.close();
      } finally {
        try {
          await events?.close();
        } finally {
          await partners.close();
        }
      }
    }
  }
}
