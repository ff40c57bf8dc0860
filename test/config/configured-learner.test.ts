// From a section of the file to a learner: every option arrives, and what cannot work is refused.

import { afterEach, describe, expect, it } from "vitest";
import { type ConfiguredLearner, configureLearner } from "../../src/config/configured-learner.ts";
import { parseModelConfigs } from "../../src/config/model-config.ts";
import type { Sample } from "../../src/model/sample.ts";
import { OnlineLearner } from "../../src/pipeline/learner.ts";
import { fileWith, signal } from "./config-file.ts";

const made: ConfiguredLearner[] = [];
afterEach(() => {
  for (const each of made.splice(0)) each.dispose();
});

function configure(more: object): ConfiguredLearner {
  const config = parseModelConfigs("driftkeel.json", fileWith(more)).get("signal")!;
  const learner = configureLearner("signal", config);
  made.push(learner);
  return learner;
}

const samples = (count: number): Sample[] =>
  Array.from({ length: count }, (_, index) => {
    const x = Math.sin(index);
    return { input: Float32Array.of(x), label: Float32Array.of(x * x) };
  });

describe("a configured learner", () => {
  it("learns", async () => {
    const { options } = configure({ min_samples: 20, min_holdout: 5 });
    const learner = await OnlineLearner.open(options);
    for (const sample of samples(100)) await learner.observe(sample);
    expect(await learner.update()).toMatchObject({ outcome: "promoted" });
    expect(learner.status().modelId).toBe("signal");
    await learner.close();
  });

  it("has the names of the library for every option of its own", () => {
    const { options } = configure({
      min_samples: 1,
      min_holdout: 2,
      replay_share: 0.3,
      min_new_samples: 4,
      min_interval_ms: 5,
      max_versions: 6,
      durable_samples: false,
      checkpoint_every: 7,
      seed: 8,
      intake: { training_window: 9, replay_capacity: 10 },
      safe_mode: { cool_off_ms: 11 },
      probation: { min_samples: 12 },
    });
    expect(options).toMatchObject({
      minSamples: 1,
      minHoldout: 2,
      replayShare: 0.3,
      minNewSamples: 4,
      minIntervalMs: 5,
      maxVersions: 6,
      durableSamples: false,
      checkpointEvery: 7,
      seed: 8,
      intake: { trainingWindow: 9, replayCapacity: 10 },
      safeMode: { coolOffMs: 11 },
      probation: { minSamples: 12 },
    });
  });

  it("has adapters with rank and alpha, and the whole network without", () => {
    const names = (more: object) => {
      const version = configure(more).options.model.initial();
      const keys = [...version.weights().keys()];
      version.dispose();
      return keys;
    };
    expect(names({})).toEqual(["hidden.weight", "hidden.bias", "output.weight", "output.bias"]);
    const update = { ...signal.update, rank: 2, alpha: 4, target_modules: ["output"] };
    expect(names({ update })).toEqual(["output.lora_A.weight", "output.lora_B.weight"]);
  });

  it("judges by the limits of the file, and by a loss that may not rise where none is set", () => {
    const { options } = configure({ validators: { max_weight_norm: 1 } });
    const judge = (loss: number, weight: number) =>
      options.validator!.validate(
        { weights: new Map(), loss: 1 },
        { weights: new Map([["w", Float32Array.of(weight)]]), loss },
      ).pass;
    expect([judge(1, 1), judge(1.1, 1), judge(0.9, 2), judge(0.9, Number.NaN)]).toEqual([
      true,
      false,
      false,
      false,
    ]);
  });

  it.each(["adwin", "page-hinkley", "kswin", "ddm", "eddm", "hddm-a", "hddm-w", "cusum"])(
    "watches with %s",
    (name) => {
      const { detector } = configure({ detector: { name } }).options;
      for (let count = 0; count < 5; count++) expect(detector!.update(0)).toBe("stable");
    },
  );

  it("gives the detector its options", () => {
    const { detector } = configure({
      detector: { name: "page-hinkley", min_instances: 2, threshold: 1.5 },
    }).options;
    const results = [0, 0, 9].map((value) => detector!.update(value));
    expect(results).toEqual(["stable", "stable", "drift"]);
  });

  it.each([
    [{ name: "scheduled", interval: 2 }, [false, true, false, true]],
    [{ name: "minimum-new", minimum_new: 3 }, [false, false, true, true]],
    [{ name: "drift", drift_threshold: 0.5 }, [false, true, true, true]],
  ])("is triggered by %j", (trigger, expected) => {
    const made = configure({ trigger }).options.trigger!;
    const state = { lastTriggerTime: null, sampleCount: 0, recentLosses: [] };
    const asked = [1, 2, 4, 8].map((loss) => {
      made.recordSample(state, loss);
      return made.shouldRetrain(state, loss);
    });
    expect(asked).toEqual(expected);
  });

  it.each([
    [{ probation: { enabled: false } }, "probation"],
    [{ safe_mode: { enabled: false } }, "safeMode"],
  ] as const)("%j switches it off", (more, option) => {
    expect(configure(more).options[option]).toBe(false);
    expect(configure({}).options[option]).toEqual({});
  });

  it.each([
    [{ update: { ...signal.update, rank: 2 } }, "models.signal.update: An adapter needs both"],
    [
      { update: { ...signal.update, rank: 2, alpha: 4, target_modules: ["hiden"] } },
      "models.signal.update: ",
    ],
    [{ network: { ...signal.network, loss_cost: 1 } }, "models.signal.network: loss_cost"],
    [
      { detector: { name: "ddm", warning_threshold: 4, drift_threshold: 3 } },
      'signal.detector: Expected Ddm option "warning_threshold" to be at most drift_threshold',
    ],
    [{ ewc: { consolidation: "ema", gamma: 1 } }, "models.signal.ewc: "],
    [
      { probation: { min_samples: 9, max_samples: 3 } },
      'probation: Expected Probation option "max',
    ],
  ])("%j is refused, with the section and the names of the file", (more, message) => {
    expect(() => configure(more)).toThrowError(message);
    expect(() => configure(more)).toThrowError(
      expect.objectContaining({ code: "OPTION_INVALID" }) as Error,
    );
  });
});
