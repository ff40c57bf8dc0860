// docs/alerts.md: its example is a configuration, its message is ours, its code runs.

import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { parseAlerts } from "../../src/service/alerts/alert-config.ts";
import { signedEncoder } from "../../src/service/alerts/alert-message.ts";
import { testCodeBlocks } from "../pages/code-blocks.ts";

const PAGE = "docs/alerts.md";
const page = readFileSync(PAGE, "utf8");
const [config, message] = [...page.matchAll(/```json\n([\s\S]*?)```/g)].map(([, text]) =>
  JSON.parse(text!),
);

testCodeBlocks(PAGE);

it("shows a configuration that is one, and the defaults as they are", () => {
  const environment = { DRIFTKEEL_WEBHOOK_SECRET: "a long secret text" };
  const { limits } = parseAlerts("a.json", config.alerts, environment);
  expect(limits.maxFeedbackLagSeconds).toBe(259_200);
  const { webhook } = config.alerts;
  const plain = parseAlerts("a.json", { webhook }, environment);
  const shown = [...page.matchAll(/\| `(limits|webhook)\.(\w+)` \| ([\d.]+) \|/g)];
  const camel = (name: string) => name.replace(/_(.)/g, (_, letter) => letter.toUpperCase());
  expect(shown).toHaveLength(11);
  for (const [, section, name, value] of shown) {
    const actual = (plain[section as "limits"] as unknown as Record<string, unknown>)[camel(name!)];
    expect({ name, value: actual }).toEqual({ name, value: Number(value) });
  }
});

it("shows a message as it is sent", () => {
  const { state, model_id: model, alert, severity, summary, value, limit, since, at } = message;
  const [sinceMs, atMs] = [since, at].map((text) => Date.parse(text)) as [number, number];
  const sent = { state, model, alert, severity, summary, value, limit, sinceMs, atMs };
  const { body } = signedEncoder(message.source, "a long secret text")(sent, atMs);
  expect(JSON.parse(body)).toEqual(message);
});
