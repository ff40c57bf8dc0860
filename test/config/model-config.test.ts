// What a configuration file may say, and how a message finds the place that is wrong.

import { describe, expect, it } from "vitest";
import { parseModelConfigs } from "../../src/config/model-config.ts";
import { fileWith, signal } from "./config-file.ts";

const parse = (text: string) => parseModelConfigs("driftkeel.json", text);

/** What parsing throws. */
function refusal(text: string): { code: string; message: string } {
  try {
    parse(text);
  } catch (error) {
    return error as { code: string; message: string };
  }
  throw new Error("it was accepted");
}

describe("a configuration file", () => {
  it("declares models by id, in its order", () => {
    const models = parse(JSON.stringify({ models: { b: signal, a: signal } }));
    expect([...models.keys()]).toEqual(["b", "a"]);
    expect(models.get("a")).toMatchObject(signal);
  });

  it("may say everything that a learner takes", () => {
    const everything = {
      ewc: { lambda: 0.1, consolidation: "ema", gamma: 0.9, normalize: true, form: "gradient" },
      intake: { training_window: 128, holdout_window: 64, holdout_fraction: 0.25, seed: 1 },
      detector: { name: "adwin", delta: 0.01 },
      trigger: { name: "scheduled", interval: 100, cooldown_ms: 5 },
      validators: { max_loss_delta: 0.1, max_weight_norm: 100, max_forgetting: 0.1 },
      probation: { enabled: false },
      safe_mode: { cool_off_ms: 0, recover_after: 1 },
      min_samples: 32,
      min_holdout: 8,
      replay_share: 0.25,
      min_new_samples: 1,
      min_interval_ms: 10,
      max_versions: 5,
      durable_samples: false,
      checkpoint_every: 10,
      seed: 7,
    };
    const config = parse(fileWith(everything)).get("signal")!;
    expect(config).toMatchObject({ ...everything, safe_mode: { enabled: true, cool_off_ms: 0 } });
  });

  it.each([
    [
      { network: { ...signal.network, layers: [{ name: "a", size: 0 }] } },
      "network.layers[0].size",
    ],
    [{ network: { ...signal.network, input_size: 1.5 } }, "network.input_size"],
    [{ network: { ...signal.network, loss: "rmse" } }, "network.loss"],
    [{ network: { ...signal.network, layers: [] } }, "network.layers"],
    [{ update: { ...signal.update, lr: -1 } }, "update.lr"],
    [{ update: { ...signal.update, optimizer: "adam" } }, "update.optimizer"],
    [{ update: {} }, "update.lr"],
    [{ intake: { training_window: 10_000_000 } }, "intake.training_window"],
    [{ detector: { name: "adwinn" } }, "detector.name"],
    [{ detector: { name: "page-hinkley", threshold: "2" } }, "detector.threshold"],
    [{ trigger: { name: "scheduled" } }, "trigger.interval"],
    [{ trigger: "scheduled" }, "trigger"],
    [{ probation: false }, "probation"],
    [{ replay_share: 1 }, "replay_share"],
  ])("with %j names the path", (more, path) => {
    const { code, message } = refusal(fileWith(more));
    expect(code).toBe("OPTION_INVALID");
    expect(message).toContain(`Expected driftkeel.json option "models.signal.${path}" to be `);
  });

  it.each([
    [{ detektor: {} }, 'detektor"; did you mean "detector"?'],
    [{ update: { lr: 1, maxSteps: 3 } }, 'update.maxSteps"; did you mean "max_steps"?'],
    [{ update: { learning_rate: 1 } }, 'update.learning_rate"; did you mean "lr"?'],
    [
      { network: { ...signal.network, layers: [{ name: "a", siz: 1 }] } },
      'network.layers[0].siz"; did you mean "size"?',
    ],
    [{ detector: { name: "ddm", delta: 1 } }, "detector.delta"],
    [{ trigger: { name: "scheduled", interval: 1, interva: 2 } }, 'did you mean "interval"?'],
  ])("with %j names the nearest name", (more, text) => {
    const { code, message } = refusal(fileWith(more));
    expect(code).toBe("OPTION_UNKNOWN");
    expect(message).toContain('Unknown driftkeel.json option "models.signal.');
    expect(message).toContain(text);
  });

  it.each([
    ["{", "to be JSON"],
    ["[]", "to be an object"],
    ["{}", '"models" to be an object of models by id'],
    ['{"models":{}}', "at least one model, got none"],
    ['{"models":{"a":1}}', '"models.a" to be an object'],
    ['{"model":{}}', 'did you mean "models"?'],
    [fileWith({}, "../a"), 'got "../a"'],
    [fileWith({}, ""), 'got ""'],
  ])("%s is refused with a reason", (text, reason) => {
    const { code, message } = refusal(text);
    expect(code).toMatch(/^OPTION_/);
    expect(message).toContain(reason);
  });
});
