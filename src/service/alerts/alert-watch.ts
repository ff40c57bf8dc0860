// Notices when alerts begin and end, and sees to it that each is told once.

import type { Vitals } from "../metrics/vitals.ts";
import { ALERT_CONDITIONS, type AlertCondition, type AlertLimits } from "./alert-conditions.ts";
import type { AlertMessage } from "./alert-message.ts";

/** Milliseconds after which what could not be delivered is told anew, where it still holds. */
const RETELL_MS = 600_000;

/** What a watch works with. */
export interface WatchParts {
  vitals: ReadonlyMap<string, Vitals>;
  limits: AlertLimits;
  /** Milliseconds since 1970. */
  nowMs: () => number;
  /** Resolves with whether the message was delivered. */
  send(message: AlertMessage): Promise<boolean>;
}

/** One alert of one model: how it stands, and what the other side knows. */
interface Standing {
  isFiring: boolean;
  sinceMs: number;
  told: AlertMessage["state"];
  /** Whether a message of it is under way. */
  isTelling: boolean;
  notBeforeMs: number;
}

/**
 * Compares what holds with what was told. There is at most one message of an alert under way, so
 * that the end of an alert never overtakes its beginning.
 */
export class AlertWatch {
  readonly #parts: WatchParts;
  readonly #standings = new Map<string, Standing>();
  #hasEnded = false;

  constructor(parts: WatchParts) {
    this.#parts = parts;
  }

  /** Looks at every model. */
  lookAll(): void {
    for (const model of this.#parts.vitals.keys()) this.look(model);
  }

  /** Looks at one model. */
  look(model: string): void {
    const vitals = this.#parts.vitals.get(model);
    if (!vitals || this.#hasEnded) return;
    for (const condition of ALERT_CONDITIONS) this.#compare(model, vitals, condition);
  }

  /** Begins no message any more. */
  end(): void {
    this.#hasEnded = true;
  }

  #compare(model: string, vitals: Vitals, { name: alert, severity, measure }: AlertCondition) {
    const { limits, nowMs } = this.#parts;
    const atMs = nowMs();
    const { isFiring, ...finding } = measure(vitals, limits);
    const standing = this.#standingOf(`${model}/${alert}`);
    if (isFiring && !standing.isFiring) standing.sinceMs = atMs;
    standing.isFiring = isFiring;
    const state = isFiring ? "firing" : "recovered";
    if (state === standing.told || standing.isTelling || atMs < standing.notBeforeMs) return;
    const { sinceMs } = standing;
    const message = { state, model, alert, severity, ...finding, sinceMs, atMs } as const;
    this.#tell(standing, message);
  }

  async #tell(standing: Standing, message: AlertMessage): Promise<void> {
    const { nowMs, send } = this.#parts;
    standing.isTelling = true;
    const isDelivered = await send(message);
    standing.isTelling = false;
    if (isDelivered) standing.told = message.state;
    else standing.notBeforeMs = nowMs() + RETELL_MS;
    this.look(message.model); // it may have ended meanwhile
  }

  #standingOf(key: string): Standing {
    let standing = this.#standings.get(key);
    if (!standing) {
      const [told, isTelling] = ["recovered", false] as const;
      standing = { isFiring: false, sinceMs: 0, told, isTelling, notBeforeMs: 0 };
      this.#standings.set(key, standing);
    }
    return standing;
  }
}
