// The dashboard, the rules and the pages speak of the metrics that the service has, and of all.

import { readFileSync } from "node:fs";
import { Registry } from "prom-client";
import { expect, it } from "vitest";
import { ALERT_CONDITIONS, type AlertLimits } from "../../src/service/alerts/alert-conditions.ts";
import { parseAlerts } from "../../src/service/alerts/alert-config.ts";
import { addOutboxGauges } from "../../src/service/metrics/outbox-gauges.ts";
import { Metrics } from "../../src/service/metrics.ts";

interface Panel {
  id: number;
  type: string;
  title: string;
  gridPos: { x: number; y: number; w: number; h: number };
  targets?: { expr: string }[];
}

/** One rule as the file has it. */
interface Rule {
  alert: string;
  expr: string;
  severity: string;
}

/** Gauges of partners are there when one is configured. */
const partners = new Registry();
addOutboxGauges(partners, new Map(), () => 0);
const exported = (await new Metrics(["signal"]).text()) + (await partners.metrics());
const served = new Set([...exported.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name!));
const own = [...served].filter((name) => name.startsWith("driftkeel_"));
const dashboard = JSON.parse(readFileSync("docs/grafana/driftkeel.json", "utf8"));
const panels: Panel[] = dashboard.panels;
const rulesText = readFileSync("docs/prometheus/driftkeel.rules.yml", "utf8");
const ruleTests = readFileSync("docs/prometheus/driftkeel.rules.test.yml", "utf8");

const rules: Rule[] = rulesText
  .split(/^ +- alert: /m)
  .slice(1)
  .map((text) => ({
    alert: text.split("\n")[0]!,
    expr: /expr: (?:>-)?([\s\S]*?)\n +(?:for|labels):/.exec(text)![1]!.trim(),
    severity: /severity: (\w+)/.exec(text)![1]!,
  }));

/** The metrics that a text names; the parts of a histogram count as the histogram. */
function metricsIn(text: string): string[] {
  const names = text.match(/\b(driftkeel|process|nodejs)_[a-z0-9_]+/g) ?? [];
  return [...new Set(names.map((name) => name.replace(/_(bucket|sum|count)$/, "")))];
}

const unknownIn = (text: string) => metricsIn(text).filter((name) => !served.has(name));

/** `long-update` as DriftkeelLongUpdate. */
function ruleNameOf(alert: string): string {
  return `Driftkeel${alert.replace(/(^|-)([a-z])/g, (_, _dash, letter) => letter.toUpperCase())}`;
}

it("has a dashboard that shows every metric of ours and none that does not exist", () => {
  const expressions = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
  expect(expressions.flatMap(unknownIn)).toEqual([]);
  expect(own.filter((name) => !expressions.flatMap(metricsIn).includes(name))).toEqual([]);
  expect(unknownIn(JSON.stringify(dashboard.annotations))).toEqual([]);
});

it("has a dashboard whose panels have ids of their own and do not overlap", () => {
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, at) => `${x + (at % w)},${y + Math.floor(at / w)}`),
  );
  expect(new Set(cells).size).toBe(cells.length);
  expect(panels.every(({ gridPos: { x, w } }) => x + w <= 24)).toBe(true);
  const variables = dashboard.templating.list.map(({ name }: { name: string }) => name);
  expect(variables).toEqual(["datasource", "model"]);
  const sources = JSON.stringify(panels).match(/"uid":"[^"]*"/g)!;
  expect(new Set(sources)).toEqual(new Set(['"uid":"$'.concat('{datasource}"')]));
});

it("has rules on metrics that exist, each shown to fire and not to fire", () => {
  expect(rules.length).toBeGreaterThan(8);
  for (const { alert, expr } of rules) {
    expect({ alert, unknown: unknownIn(expr) }).toEqual({ alert, unknown: [] });
    const cases = ruleTests.split("eval_time:").filter((text) => text.includes(`: ${alert}\n`));
    const [silent, firing] = [/exp_alerts: \[\]/, /exp_labels:/].map((pattern) =>
      cases.some((text) => pattern.test(text)),
    );
    expect({ alert, silent, firing }).toEqual({ alert, silent: true, firing: true });
  }
});

it("tells by itself what the rules tell, with the same limits and severity", () => {
  const all = ALERT_CONDITIONS.map(({ name }) => ruleNameOf(name));
  const inRules = new Set(rules.map(({ alert }) => alert));
  const onlyInRules = ["DriftkeelMessagesLost", "DriftkeelPartnerAway", "DriftkeelServiceDown"];
  expect([...all, ...onlyInRules].sort()).toEqual([...inRules].sort());
  for (const { name, severity } of ALERT_CONDITIONS) {
    const same = rules.filter(({ alert }) => alert === ruleNameOf(name));
    expect({ name, severities: new Set(same.map((rule) => rule.severity)) }).toEqual({
      name,
      severities: new Set([severity]),
    });
  }
  const webhook = { url: "http://127.0.0.1", secret_env: "SECRET" };
  const { limits } = parseAlerts("a.json", { webhook }, { SECRET: "0123456789abcdef" });
  const limitOf: Record<string, (keyof AlertLimits)[]> = {
    DriftkeelDegradation: ["maxDegradation"],
    DriftkeelFailedUpdates: ["maxFailedUpdates"],
    DriftkeelRollbacks: ["maxRolledBackShare", "minPromotions"],
    DriftkeelLongUpdate: ["maxUpdateSeconds"],
    DriftkeelFisherAnomaly: ["maxFisherRatio", "maxFisherChange"],
    DriftkeelFeedbackLag: ["maxFeedbackLagSeconds"],
  };
  expect(Object.values(limitOf).flat().sort()).toEqual(Object.keys(limits).sort());
  for (const [alert, names] of Object.entries(limitOf)) {
    const text = rules.filter((rule) => rule.alert === alert).map(({ expr }) => expr);
    const found = [...text.join(" ").matchAll(/(?:>=?) (\d[\d.e]*)(?=\s|$)/g)]
      .map(([, number]) => Number(number))
      .filter((number) => number > 0);
    expect({ alert, found }).toEqual({ alert, found: names.map((name) => limits[name]) });
  }
});

it("explains every metric and every alert on a page", () => {
  const metricsPage = readFileSync("docs/metrics.md", "utf8");
  expect(own.filter((name) => !metricsPage.includes(`\`${name}`))).toEqual([]);
  expect(unknownIn(metricsPage)).toEqual([]);
  const alertsPage = readFileSync("docs/alerts.md", "utf8");
  for (const { alert } of rules) expect(alertsPage).toContain(`\`${alert}\``);
  for (const { name } of ALERT_CONDITIONS) expect(alertsPage).toContain(`\`${name}\``);
});
