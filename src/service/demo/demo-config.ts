// The configuration of the demonstration: two small models that learn within seconds.

import { MARKET_SIGNALS } from "./market-world.ts";

/** Of the model whose world is a market. */
export const SIGNAL_ID = "demo-signal";
/** Of the model whose world is a sensor. */
export const SENSOR_ID = "demo-sensor";

/** Updates are quick, windows short, and what is kept is bounded: a demonstration may run long. */
const SHARED = {
  min_samples: 64,
  min_holdout: 16,
  max_versions: 50,
  stored_samples: 20_000,
  durable_samples: false,
  safe_mode: { cool_off_ms: 8000, recover_after: 2 },
};

const signal = {
  ...SHARED,
  network: {
    input_size: MARKET_SIGNALS,
    layers: [
      { name: "hidden", size: 12, activation: "tanh" },
      { name: "position", size: 1 },
    ],
    seed: 4,
  },
  update: { lr: 0.01, optimizer: "adamw", max_steps: 150, batch_size: 32 },
  ewc: { lambda: 0.05 },
  intake: { training_window: 400, holdout_window: 150, holdout_fraction: 0.25 },
  detector: { name: "page-hinkley", min_instances: 60, delta: 0.05, threshold: 9, mode: "down" },
  pnl: { cost: 0.0002 },
  watched: "pnl",
  replay_share: 0.1,
  probation: { min_samples: 150 },
  online_update: { min_days: 1, max_days: 90, learning_rate: 0.01, ewc_lambda: 0.05 },
  schedule: { cron: "*/2 * * * *", window_days: 1, max_updates_per_day: 1000 },
};

const sensor = {
  ...SHARED,
  network: {
    input_size: 2,
    layers: [
      { name: "hidden", size: 16, activation: "tanh" },
      { name: "reading", size: 1 },
    ],
    seed: 2,
  },
  update: { lr: 0.02, optimizer: "adamw", max_steps: 200, batch_size: 32 },
  ewc: { lambda: 0.01 },
  intake: { training_window: 300, holdout_window: 100 },
  detector: { name: "page-hinkley", min_instances: 30, delta: 0.02, threshold: 3, mode: "up" },
  replay_share: 0,
  probation: { min_samples: 100 },
  online_update: { min_days: 1, max_days: 90, learning_rate: 0.02, ewc_lambda: 0.01 },
};

/** The text of the configuration file. */
export function demoConfig(): string {
  return JSON.stringify({ models: { [SIGNAL_ID]: signal, [SENSOR_ID]: sensor } }, null, 2);
}
