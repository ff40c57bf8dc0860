// Alerts that the service itself tells a webhook, from what it sees of its models.

import type { Metrics } from "../metrics.ts";
import type { AlertSettings } from "./alert-config.ts";
import { AlertWatch } from "./alert-watch.ts";
import { Webhook } from "./webhook.ts";

/** Milliseconds between two looks at what only time changes. */
const LOOK_EVERY_MS = 10_000;
/** Milliseconds that messages under way get at the end. */
const GRACE_MS = 5000;

/** What alerts work with. */
interface AlertParts {
  metrics: Metrics;
  warn(details: object, message: string): void;
}

/** Watches every model from when it is made until it is closed. */
export class Alerts {
  readonly #watch: AlertWatch;
  readonly #webhook: Webhook;
  readonly #timer: NodeJS.Timeout;
  readonly #stopListening: () => void;

  constructor({ webhook, limits }: AlertSettings, { metrics, warn }: AlertParts) {
    const { nowMs, vitals } = metrics;
    const count = metrics.countMessage.bind(metrics);
    this.#webhook = new Webhook({ ...webhook, nowMs, count, warn });
    const send = this.#webhook.send.bind(this.#webhook);
    this.#watch = new AlertWatch({ vitals, limits, nowMs, send });
    this.#stopListening = metrics.listen((model) => this.#watch.look(model));
    this.#timer = setInterval(() => this.#watch.lookAll(), LOOK_EVERY_MS).unref();
  }

  /** Gives messages under way a few seconds and begins no more. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#stopListening();
    this.#watch.end();
    await this.#webhook.close(GRACE_MS);
  }
}
