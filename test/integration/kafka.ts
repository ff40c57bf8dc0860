// Workers, events and outages against a real Kafka broker.
//
// `tsx test/integration/kafka.ts [--workers 3] [--models 300] [--signals 100000] [--seed 1]
// [--only workers|events|outage]` prints what it checked; 1 when something was wrong, 0 also when
// there is no Java or no Kafka and none can be had, which it says.

import { writeSync } from "node:fs";
import { parseArgs } from "node:util";
import { exactlyOnce } from "./kafka/exactly-once.ts";
import { findOrDownload, KafkaBroker } from "./kafka/kafka-broker.ts";
import { eventFields, outage } from "./kafka/served-updates.ts";

function print(text: string): void {
  writeSync(1, `${text}\n`);
}

const number = (text: string) => Number(text);

async function main(): Promise<void> {
  const option = (preset: string) => ({ type: "string", default: preset }) as const;
  const { values } = parseArgs({
    options: {
      workers: option("3"),
      models: option("300"),
      signals: option("100000"),
      partitions: option("12"),
      "kill-every-ms": option("4000"),
      "limit-ms": option("240000"),
      seed: option("1"),
      only: option("all"),
    },
  });
  const found = findOrDownload();
  if ("skipped" in found) return print(`SKIPPED: ${found.skipped}`);
  print(found.version);
  const isAsked = (name: string) => values.only === "all" || values.only === name;
  const broker = await KafkaBroker.start(found.jars);
  const wrong: string[] = [];
  try {
    if (isAsked("workers")) {
      const size = {
        workers: number(values.workers),
        models: number(values.models),
        signals: number(values.signals),
        partitions: number(values.partitions),
        killEveryMs: number(values["kill-every-ms"]),
        limitMs: number(values["limit-ms"]),
        seed: number(values.seed),
      };
      wrong.push(...(await exactlyOnce(broker, size, print)));
    }
    if (isAsked("events")) await eventFields(broker, print);
    if (isAsked("outage")) await outage(broker, print);
  } finally {
    await broker.remove();
  }
  for (const each of wrong.slice(0, 20)) print(`wrong: ${each}`);
  if (wrong.length > 0) throw new Error(`${wrong.length} things were wrong`);
  print("All checks passed.");
}

try {
  await main();
} catch (error) {
  print(`FAILED: ${error instanceof Error ? error.stack : error}`);
  process.exitCode = 1;
}
