// The golden event log: a seeded run tells exactly what learner-golden-events.ts says.
//
// When a change is meant to alter it: look at the difference, then write the list that the failing
// test shows.

import { afterAll, describe, expect, it } from "vitest";
import { PARALLEL_MIN_PRODUCTS } from "../../assembly/layout.ts";
import { Random } from "../../src/core/random.ts";
import type { LearnerEvent } from "../../src/events.ts";
import { init, kernelInfo } from "../../src/index.ts";
import { Network } from "../../src/model/network.ts";
import { NetworkLearnable } from "../../src/model/network-learnable.ts";
import type { Sample } from "../../src/model/sample.ts";
import { PageHinkley } from "../../src/pipeline/drift/page-hinkley.ts";
import { OnlineLearner } from "../../src/pipeline/learner.ts";
import type { OnlineLearnerOptions } from "../../src/pipeline/learner-options.ts";
import { cycleOptions, stream } from "../faults/learner-cycle.ts";
import { goldenEvents } from "./learner-golden-events.ts";

afterAll(() => init({ threads: 1 }));

/** What an event tells but for measured numbers, whose last digits are the platform's. */
function lineOf(event: LearnerEvent): string {
  switch (event.type) {
    case "update-started":
      return `${event.type} by ${event.reason} on ${event.samples}, replayed ${event.replayed}`;
    case "update-skipped":
    case "frozen":
      return `${event.type}: ${event.reason}`;
    case "promoted":
      return `${event.type} ${event.versionId}`;
    case "rolled-back":
      return `${event.type} from ${event.from} to ${event.to}`;
    case "probation-ended":
      return `${event.type} of ${event.versionId}: ${event.outcome}`;
    case "update-failed":
    case "checkpoint-failed":
      return `${event.type}: ${event.code}`;
    default:
      return event.type;
  }
}

/** Everything that a learner tells while it observes the samples and its operator intervenes. */
async function told(options: OnlineLearnerOptions, samples: readonly Sample[]) {
  const learner = await OnlineLearner.open(options);
  const events: LearnerEvent[] = [];
  const listening = (async () => {
    for await (const event of learner.events) events.push(event);
  })();
  let observed = 0;
  const lines: string[] = [];
  /** How often training reports depends on how long it takes. */
  const note = () => {
    const rest = events.splice(0).filter(({ type }) => type !== "update-progressed");
    lines.push(...rest.map((event) => `${observed}: ${lineOf(event)}`));
  };
  for (const sample of samples) {
    await learner.observe(sample);
    observed += 1;
    note();
  }
  await learner.freeze("the end");
  await learner.update();
  await learner.unfreeze();
  const refusal = await learner.rollback().catch(({ code }) => code);
  const output = learner.predict(samples[0]!.input);
  await learner.close();
  await listening;
  note();
  if (refusal !== undefined) lines.push(refusal);
  return { lines, output };
}

const [INPUTS, HIDDEN, BATCH] = [64, 160, 128];

/** A network whose products are large enough to be shared among threads, in a world that shifts. */
function networkRun(): Promise<{ lines: string[]; output: unknown }> {
  const random = new Random(11);
  const samples = Array.from({ length: 360 }, (_, index): Sample => {
    const input = Float32Array.from({ length: INPUTS }, () => random.normal());
    const shift = index >= 120 && index < 220 ? 4 : 0;
    return { input, label: Float32Array.of(Math.tanh(input[0]! + input[1]!) + shift) };
  });
  const network = new Network({
    inputSize: INPUTS,
    layers: [
      { name: "hidden", size: HIDDEN, activation: "tanh" },
      { name: "output", size: 1 },
    ],
    seed: 3,
  });
  const adapter = { rank: 4, alpha: 8 };
  const optimizer = "adamw" as const;
  const trainable = "all" as const;
  const training = { lr: 0.005, optimizer, maxSteps: 40, batchSize: BATCH, trainable };
  const options: OnlineLearnerOptions = {
    model: new NetworkLearnable({ network, adapter, ...training }),
    detector: new PageHinkley({ minInstances: 20, threshold: 100, delta: 1 }),
    ewc: { lambda: 0.01 },
    intake: { trainingWindow: 128, holdoutWindow: 32 },
    minSamples: 20,
    minHoldout: 4,
    probation: { minSamples: 40 },
    safeMode: { coolOffMs: 0 },
    seed: 7,
    now: () => 1_700_000_000_000,
  };
  return told(options, samples).finally(() => network.dispose());
}

const runs = {
  "black box": () => told(cycleOptions({}), stream),
  network: networkRun,
};

it("the network has products that are large enough to be shared among threads", () => {
  expect(BATCH * INPUTS * HIDDEN).toBeGreaterThan(PARALLEL_MIN_PRODUCTS);
});

describe.each(Object.keys(runs) as (keyof typeof runs)[])("a seeded run of a %s", (name) => {
  it("tells exactly the golden list, run after run, on one thread and on two", async () => {
    const outputs: unknown[] = [];
    for (const threads of [1, 1, 2]) {
      await init({ threads });
      expect(kernelInfo().threads).toBe(threads);
      const { lines, output } = await runs[name]();
      expect(lines).toEqual(goldenEvents[name]);
      outputs.push(output);
    }
    for (const output of outputs) expect(output).toEqual(outputs[0]);
  });

  it("goes through drift, an update, a promotion and a rollback", () => {
    const text = goldenEvents[name].join("\n");
    for (const type of ["drift-detected", "update-started", "promoted", "rolled-back"]) {
      expect(text).toContain(type);
    }
  });
});
