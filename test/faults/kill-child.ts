// A process that keeps feedback, events and versions, and says on its output what is safe, until it
// is killed. Arguments: folder, round.

import { writeSync } from "node:fs";
import { join } from "node:path";
import { FeedbackCollector } from "../../src/pipeline/feedback/feedback-collector.ts";
import { AuditLog } from "../../src/store/audit-log.ts";
import { VersionStore } from "../../src/store/version-store.ts";

/** What a line of the output speaks of: `asked` of what may be there, the rest of what is safe. */
export type AcknowledgedKind = "feedback" | "asked" | "active" | "audit";

const STDOUT = 1;
const WRITERS = 4;

const [folder = "", round = ""] = process.argv.slice(2);
const acknowledge = (kind: AcknowledgedKind, name: string) =>
  writeSync(STDOUT, `${kind} ${name}\n`);

const feedback = await FeedbackCollector.open({
  storagePath: join(folder, "feedback"),
  bufferSize: 20,
  flushIntervalMs: 5,
});
const audit = await AuditLog.open(join(folder, "audit.jsonl"));
const versions = await VersionStore.open({ storagePath: join(folder, "model"), maxVersions: 3 });
feedback.start();

async function recordForever(writer: number): Promise<never> {
  for (let count = 0; ; count++) {
    const predictionId = `${round}-${writer}-${count}`;
    const timestamp = new Date(count);
    const signal = { timestamp, predictionId, predicted: [0.5], actual: [1], score: 0.25 };
    await feedback.record(signal, { durable: true });
    acknowledge("feedback", predictionId);
  }
}

async function promoteForever(): Promise<never> {
  for (let count = 0; ; count++) {
    const weights = new Map([["w", Float32Array.of(count)]]);
    const id = await versions.save({ weights });
    acknowledge("asked", id);
    await versions.promote(id, { source: "learner" });
    acknowledge("active", id);
    const outcome = `${round}-${count}`;
    await audit.log({ eventType: "promotion", outcome });
    acknowledge("audit", outcome);
  }
}

await Promise.all([
  ...Array.from({ length: WRITERS }, (_, writer) => recordForever(writer)),
  promoteForever(),
]);
