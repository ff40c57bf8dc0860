// The member `alerts` of the configuration file: where alerts are told, and what is one.

import { hostname } from "node:os";
import * as z from "zod";
import { toCamelCase } from "../../config/snake-case.ts";
import { DriftkeelRangeError } from "../../errors.ts";
import { parseOptions } from "../../options.ts";
import type { AlertLimits } from "./alert-conditions.ts";
import { type MessageEncoder, pagerDutyEncoder, signedEncoder } from "./alert-message.ts";
import type { WebhookLimits } from "./webhook.ts";

const PAGERDUTY_URL = "https://events.pagerduty.com/v2/enqueue";
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;
const LEAST_SECRET = 16;

const SHARE = "a number from 0 to 1";
const share = z.number(SHARE).min(0, SHARE).max(1, SHARE);
const FROM_ZERO = "a number >= 0";
const fromZero = z.number(FROM_ZERO).min(0, FROM_ZERO);
const FACTOR = "a number >= 1";
const factor = z.number(FACTOR).min(1, FACTOR);
const upTo = (most: number) => {
  const phrase = `an integer from 1 to ${most}`;
  return z.int(phrase).min(1, phrase).max(most, phrase);
};
const SOURCE = "a text of 1 to 64 characters";

const limits = z.strictObject({
  max_degradation: fromZero.default(0.05),
  max_failed_updates: z.int("an integer >= 0").min(0, "an integer >= 0").default(2),
  max_rolled_back_share: share.default(0.2),
  min_promotions: upTo(10_000).default(5),
  max_update_seconds: fromZero.default(3600),
  max_fisher_ratio: factor.default(1e7),
  max_fisher_change: factor.default(100),
  max_feedback_lag_seconds: fromZero.default(86_400),
});

const alertsInFile = z.strictObject({
  alerts: z.strictObject({
    webhook: z.strictObject({
      format: z.enum(["driftkeel", "pagerduty"]).default("driftkeel"),
      url: z.string().optional(),
      secret_env: z.string().optional(),
      routing_key_env: z.string().optional(),
      timeout_ms: upTo(60_000).default(10_000),
      max_attempts: upTo(20).default(8),
      max_waiting: upTo(10_000).default(100),
    }),
    /** Who tells it; default: the name of this machine. */
    source: z.string(SOURCE).min(1, SOURCE).max(64, SOURCE).optional(),
    limits: limits.prefault({}),
  }),
});

type AlertsInFile = z.output<typeof alertsInFile>["alerts"];

/** What alerts are told by, secrets included. */
export interface AlertSettings {
  webhook: WebhookLimits & { url: string; encode: MessageEncoder };
  limits: AlertLimits;
}

/**
 * Reads the member `alerts`. name: what messages call the file; environment: holds the secrets. No
 * message shows an address, a name of a variable or a secret. Throws OPTION_INVALID,
 * OPTION_UNKNOWN (naming the nearest).
 */
export function parseAlerts(
  name: string,
  value: unknown,
  environment: Readonly<Record<string, string | undefined>>,
): AlertSettings {
  const { alerts } = parseOptions(name, alertsInFile, { alerts: value });
  const { format, timeout_ms: timeoutMs, max_attempts, max_waiting } = alerts.webhook;
  const read = (member: SecretMember, other: SecretMember) =>
    readSecret(name, alerts.webhook, [member, other], environment);
  const source = alerts.source ?? hostname().slice(0, 64);
  const encode =
    format === "pagerduty"
      ? pagerDutyEncoder(source, read("routing_key_env", "secret_env"))
      : signedEncoder(source, read("secret_env", "routing_key_env"));
  const url = checkUrl(name, alerts.webhook);
  return {
    webhook: { url, encode, timeoutMs, maxAttempts: max_attempts, maxWaiting: max_waiting },
    limits: toCamelCase(alerts.limits),
  };
}

type SecretMember = "secret_env" | "routing_key_env";

/** members: the one that the format needs, and the one that goes with the other format. */
function readSecret(
  name: string,
  webhook: AlertsInFile["webhook"],
  [member, other]: readonly [SecretMember, SecretMember],
  environment: Readonly<Record<string, string | undefined>>,
): string {
  if (webhook[other] !== undefined) {
    throw invalid(name, other, `to be left out: the format ${webhook.format} has no use for it`);
  }
  const variable = webhook[member];
  if (variable === undefined || !VARIABLE.test(variable)) {
    const got = variable === undefined ? "nothing" : `a text of ${variable.length} characters`;
    throw invalid(name, member, `to be the name of an environment variable, got ${got}`);
  }
  const secret = environment[variable] ?? "";
  if (secret.length >= LEAST_SECRET) return secret;
  const what = `an environment variable that holds at least ${LEAST_SECRET} characters`;
  throw invalid(name, member, `to name ${what}, got one with ${secret.length}`);
}

function checkUrl(name: string, { url, format }: AlertsInFile["webhook"]): string {
  if (url === undefined && format === "pagerduty") return PAGERDUTY_URL;
  const parsed = url !== undefined && URL.canParse(url) ? new URL(url) : undefined;
  const isPlain = parsed?.username === "" && parsed.password === "";
  if (parsed && isPlain && /^https?:$/.test(parsed.protocol)) return parsed.href;
  const got = url === undefined ? "nothing" : `a text of ${url.length} characters`;
  throw invalid(name, "url", `to be an http or https address without a password, got ${got}`);
}

function invalid(name: string, member: string, rest: string): DriftkeelRangeError {
  const message = `Expected ${name} option "alerts.webhook.${member}" ${rest}.`;
  return new DriftkeelRangeError("OPTION_INVALID", message);
}
