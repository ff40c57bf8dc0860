// The member `alerts` of the configuration file: what it says, and what is refused, unshown.

import { expect, it } from "vitest";
import { parseAlerts } from "../../src/service/alerts/alert-config.ts";
import { parseServiceConfig } from "../../src/service/service-config.ts";
import { signal } from "../config/config-file.ts";

const SECRET = "0123456789abcdef";
const url = "https://example.org/hook/hunter2";
const webhook = { url, secret_env: "SECRET" };
const environment = { SECRET, SHORT: "0123456789abcde" };

const parse = (alerts: unknown) => parseAlerts("a.json", alerts, environment);

it("is read beside the models, with defaults", () => {
  const text = JSON.stringify({ models: { signal }, alerts: { webhook } });
  const { alerts } = parseServiceConfig("a.json", text, environment);
  expect(alerts!.webhook).toMatchObject({
    url,
    timeoutMs: 10_000,
    maxAttempts: 8,
    maxWaiting: 100,
  });
  expect(alerts!.limits).toMatchObject({ maxDegradation: 0.05, maxUpdateSeconds: 3600 });
  const none = parseServiceConfig("a.json", JSON.stringify({ models: { signal } }), environment);
  expect(none.alerts).toBeUndefined();
});

it("takes limits, each at its bound and not past it", () => {
  const limits = { max_degradation: 0, max_fisher_ratio: 1, min_promotions: 10_000 };
  expect(parse({ webhook, limits }).limits).toMatchObject({
    maxDegradation: 0,
    maxFisherRatio: 1,
    minPromotions: 10_000,
    maxFailedUpdates: 2,
  });
  const wrong: [object, RegExp][] = [
    [{ max_degradation: -0.1 }, /alerts.limits.max_degradation.*a number >= 0/],
    [{ max_failed_updates: 1.5 }, /alerts.limits.max_failed_updates.*an integer >= 0/],
    [{ max_rolled_back_share: 1.1 }, /max_rolled_back_share.*a number from 0 to 1/],
    [{ min_promotions: 10_001 }, /min_promotions.*an integer from 1 to 10000/],
    [{ max_fisher_change: 0.9 }, /max_fisher_change.*a number >= 1/],
    [{ max_degradtion: 1 }, /Unknown a.json option .*did you mean "max_degradation"/],
  ];
  for (const [limit, message] of wrong) {
    expect(() => parse({ webhook, limits: limit })).toThrow(message);
  }
});

it("refuses what cannot work, and shows neither addresses nor secrets", () => {
  const wrong: [unknown, RegExp][] = [
    [{}, /alerts.webhook.*an object/],
    [{ webhook: { url } }, /secret_env" to be the name of an environment variable, got nothing/],
    [{ webhook: { ...webhook, url: undefined } }, /alerts.webhook.url.*got nothing/],
    [{ webhook: { ...webhook, url: "ftp://example.org/hunter2" } }, /http or https.*25 characters/],
    [{ webhook: { ...webhook, url: "https://hunter2:b@example.org" } }, /without a password/],
    [{ webhook: { ...webhook, url: "hunter2" } }, /got a text of 7 characters/],
    [{ webhook: { url, secret_env: "hunter2!" } }, /got a text of 8 characters/],
    [{ webhook: { url, secret_env: "hunter2" } }, /at least 16 characters, got one with 0/],
    [{ webhook: { url, secret_env: "SHORT" } }, /at least 16 characters, got one with 15/],
    [{ webhook: { ...webhook, routing_key_env: "SECRET" } }, /routing_key_env" to be left out/],
    [{ webhook: { ...webhook, format: "pagerduty" } }, /secret_env" to be left out/],
    [{ webhook: { format: "pagerduty" } }, /routing_key_env" to be the name/],
    [{ webhook: { ...webhook, max_attempts: 21 } }, /max_attempts.*an integer from 1 to 20/],
    [{ webhook: { ...webhook, timeout_ms: 0 } }, /timeout_ms.*an integer from 1 to 60000/],
    [{ webhook, source: "" }, /alerts.source.*1 to 64 characters/],
  ];
  for (const [alerts, message] of wrong) {
    expect(() => parse(alerts)).toThrow(message);
    expect(() => parse(alerts)).not.toThrow(/hunter2|0123456789/);
  }
});

it("knows where PagerDuty is", () => {
  const pager = { format: "pagerduty", routing_key_env: "SECRET" };
  expect(parse({ webhook: pager }).webhook.url).toBe("https://events.pagerduty.com/v2/enqueue");
  expect(parse({ webhook: { ...pager, url } }).webhook.url).toBe(url);
});
