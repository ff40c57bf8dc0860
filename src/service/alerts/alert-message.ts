// What is told of an alert, and the bodies in which it is told.

import { createHmac } from "node:crypto";

/** An alert that began, or one that has ended. */
export interface AlertMessage {
  state: "firing" | "recovered";
  model: string;
  alert: string;
  severity: "critical" | "warning";
  /** In words, without a full stop. */
  summary: string;
  value: number;
  limit: number;
  /** Milliseconds since 1970: when it began, and when this was noticed. */
  sinceMs: number;
  atMs: number;
}

/** A request's body and headers of its own. */
export interface EncodedMessage {
  body: string;
  headers: Record<string, string>;
}

/** Makes a request of a message. nowMs: milliseconds since 1970, when it is sent. */
export type MessageEncoder = (message: AlertMessage, nowMs: number) => EncodedMessage;

/**
 * Our own body, signed: the header `Driftkeel-Signature: t=<seconds since 1970>,v1=<hex>` holds the
 * HMAC-SHA256 of `<t>.<body>` under `secret`. source: who tells it.
 */
export function signedEncoder(source: string, secret: string): MessageEncoder {
  return (message, nowMs) => {
    const body = JSON.stringify(recordOf(message, source));
    const seconds = Math.floor(nowMs / 1000);
    const digest = createHmac("sha256", secret).update(`${seconds}.${body}`).digest("hex");
    return { body, headers: { "Driftkeel-Signature": `t=${seconds},v1=${digest}` } };
  };
}

/** The body of PagerDuty's Events API v2; the key in it says whose it is. */
export function pagerDutyEncoder(source: string, routingKey: string): MessageEncoder {
  return (message) => {
    const { state, model, alert, severity, summary, atMs } = message;
    const { value, limit, since } = recordOf(message, source);
    const event = { routing_key: routingKey, dedup_key: dedupKeyOf(message, source) };
    const payload = {
      summary: `${model}: ${summary}`,
      source,
      severity,
      timestamp: new Date(atMs).toISOString(),
      component: model,
      class: alert,
      custom_details: { model_id: model, alert, value, limit, since },
    };
    const action =
      state === "firing" ? { event_action: "trigger", payload } : { event_action: "resolve" };
    return { body: JSON.stringify({ ...event, ...action }), headers: {} };
  };
}

function recordOf(message: AlertMessage, source: string) {
  const { state, model, alert, severity, summary, value, limit, sinceMs, atMs } = message;
  return {
    format_version: 1,
    state,
    model_id: model,
    alert,
    severity,
    summary,
    value: Number.isFinite(value) ? value : null, // JSON has no text for the others
    limit,
    since: new Date(sinceMs).toISOString(),
    at: new Date(atMs).toISOString(),
    source,
    dedup_key: dedupKeyOf(message, source),
  };
}

/** The same for an alert and its end; at most 255 characters, as PagerDuty asks. */
function dedupKeyOf({ model, alert }: AlertMessage, source: string): string {
  return `${source}/${model}/${alert}`;
}
