// The signals of many models, what they make of a learner alone, and what workers made of them.

import type * as z from "zod/mini";
import { configureLearner } from "../../../src/config/configured-learner.ts";
import { parseModelConfigs } from "../../../src/config/model-config.ts";
import { sampleOfRow, type sampleRow } from "../../../src/config/sample-row.ts";
import {
  FileStore,
  type LearnerEvent,
  MemoryStore,
  OnlineLearner,
  Random,
  type Store,
  VersionStore,
} from "../../../src/index.ts";
import { findModelFolder, LearnerUpdates } from "../../../src/integrations/kafka/index.ts";

/** A small network that is updated every so many signals; all its samples stay in its windows. */
export const model = {
  network: {
    input_size: 3,
    layers: [
      { name: "hidden", size: 8, activation: "tanh" },
      { name: "output", size: 1 },
    ],
    seed: 3,
  },
  update: { lr: 0.02, optimizer: "adamw", max_steps: 20, batch_size: 16 },
  ewc: { lambda: 0.01 },
  trigger: { name: "minimum-new", minimum_new: 60 },
  intake: {
    training_window: 4096,
    holdout_window: 4096,
    replay_capacity: 0,
    retention_capacity: 0,
  },
  min_samples: 32,
  min_holdout: 4,
  probation: { min_samples: 40, max_samples: 80 },
  safe_mode: { cool_off_ms: 1000 },
  seed: 11,
  checkpoint_every: 64,
};

/** Ids of `count` models. */
export const modelIds = (count: number) =>
  Array.from({ length: count }, (_, index) => `model-${String(index).padStart(3, "0")}`);

/** A signal as a message has it. */
type Row = z.input<typeof sampleRow>;

/** The signals of one model: a line that turns after half of them. */
export function signalsOf(modelId: string, count: number): Row[] {
  const number = Number(modelId.split("-")[1]);
  const random = new Random(1000 + number);
  return Array.from({ length: count }, (_, index) => {
    const input = [0, 1, 2].map(() => 2 * random.uniform() - 1);
    const turn = index < count / 2 ? 1 : -1;
    const label = input[0]! * turn + 0.5 * input[1]! + 0.05 * random.normal();
    const timestamp = 1_700_000_000_000 + index * 60_000 + number;
    return { input, label: [label], timestamp, id: `${modelId}/${index}` };
  });
}

/** What is compared of a model. */
export interface ModelEnd {
  /** Every tensor of the active version, as text of its bytes. */
  weights: string;
  observed: number;
  /** Ids of the samples in its windows. */
  ids: string[];
  versions: number;
}

/** The same, and how each of its updates ended. */
interface LonelyEnd extends ModelEnd {
  updates: string[];
}

/** The end of a learner that had no crash, no Kafka and no disk. */
export async function learnAlone(modelId: string, rows: readonly Row[]): Promise<LonelyEnd> {
  const text = JSON.stringify({ models: { [modelId]: model } });
  const config = parseModelConfigs("test", text).get(modelId)!;
  const { options, dispose } = configureLearner(modelId, config);
  const store = Object.assign(new MemoryStore(), { close: async () => {} });
  let nowMs = 0;
  const told = new LearnerUpdates();
  const updates: string[] = [];
  const keepEvents = async (events: readonly LearnerEvent[]) => {
    for (const event of events) {
      const outcome = told.hear(event)?.event.outcome;
      if (outcome) updates.push(outcome);
    }
  };
  const learner = await OnlineLearner.open({ ...options, store, now: () => nowMs, keepEvents });
  for (const row of rows) {
    nowMs = Number(row.timestamp);
    await learner.observe(sampleOfRow(row as z.output<typeof sampleRow>));
  }
  await learner.close();
  dispose();
  return { ...(await readEnd(store)), updates };
}

/** What the newest owner of a model has left. */
export async function readModel(baseDir: string, modelId: string): Promise<ModelEnd> {
  const storagePath = await findModelFolder(baseDir, modelId);
  if (storagePath === undefined) return { weights: "", observed: 0, ids: [], versions: 0 };
  const store = await FileStore.open({ storagePath, readOnly: true });
  try {
    return await readEnd(store);
  } finally {
    await store.close();
  }
}

async function readEnd(store: Store): Promise<ModelEnd> {
  const versions = await VersionStore.open({ store, readOnly: true });
  const current = await versions.getCurrent();
  const version = await versions.read(current!.activeId);
  const weights = Array.from(version.weights, ([name, values]) => {
    const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
    return `${name}:${bytes.toString("base64")}`;
  });
  const bytes = await store.read(`state/${current!.activeId}`);
  const { state } = JSON.parse(new TextDecoder().decode(bytes));
  const windows = [...state.intake.training, ...state.intake.holdout];
  const ids = windows.map(({ id }: { id: string }) => id);
  const journal = await store.list("journal/");
  for (const key of journal) {
    const { first, records } = JSON.parse(new TextDecoder().decode(await store.read(key)));
    for (const [index, { id }] of records.entries()) {
      if (first + index > state.observed) ids.push(id);
    }
  }
  const promotions = current!.history.filter(({ kind }) => kind === "promotion").length;
  return { weights: weights.join("\n"), observed: ids.length, ids, versions: promotions };
}
