// What a service that has ended left on disk: the signals in its learner and in its sample store,
// its audit log, and the jobs that its versions name.

import { join } from "node:path";
import { AuditLog, SqliteSampleStore, VersionStore } from "../../src/index.ts";
import { readKept } from "./learner-kill-kept.ts";

/** The largest time value of a Date (ECMA-262, section 21.4.1.1). */
const FOREVER_MS = 8.64e15;

/** What lies on disk. */
export interface ServiceLeft {
  /** Signals since the learner began. */
  observed: number;
  /** Ids in the learner's windows and memories. */
  learned: string[];
  /** Ids in the sample store. */
  stored: string[];
  isAuditIntact: boolean;
  /** By the job that asked for them: whether promoted versions were gone back from. */
  promotions: Map<string, "promoted" | "rolled_back">;
}

/** Reads what the model of an id left under a base folder. */
export async function readServiceLeft(baseDir: string, modelId: string): Promise<ServiceLeft> {
  const storagePath = join(baseDir, modelId);
  const { observed, all: learned } = await readKept({ storagePath });
  const audit = await AuditLog.open(join(storagePath, "audit.jsonl"), { readOnly: true });
  const { intact: isAuditIntact } = await audit.verify();
  await audit.close();
  const stored: string[] = [];
  const store = await SqliteSampleStore.open({ path: join(baseDir, ".samples", `${modelId}.db`) });
  for await (const page of store.pages(-FOREVER_MS, FOREVER_MS, { pageSize: 10_000 })) {
    for (const { id } of page) stored.push(id!);
  }
  await store.close();
  const promotions = await readPromotions(storagePath);
  return { observed, learned, stored, isAuditIntact, promotions };
}

async function readPromotions(storagePath: string): Promise<ServiceLeft["promotions"]> {
  const versions = await VersionStore.open({ storagePath, readOnly: true });
  const history = (await versions.getCurrent())?.history ?? [];
  await versions.close();
  const gone = new Set(
    history.map((each) => (each.kind === "rollback" ? each.rollbackFrom : undefined)),
  );
  return new Map(
    history.flatMap((each) =>
      each.kind === "promotion"
        ? [[each.source, gone.has(each.versionId) ? "rolled_back" : "promoted"] as const]
        : [],
    ),
  );
}
