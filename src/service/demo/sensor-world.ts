// A simulated sensor: what it shows of a load and a temperature, with a calibration that drifts.

import { Random, type Sample } from "../../index.ts";

/** Spread of the noise of a reading. */
const NOISE = 0.05;

/** How far a reading is off, and for how many samples. */
interface Stretch {
  offset: number;
  samples: number;
}

/**
 * Lasting drifts of the calibration, and disturbances that are over as soon as somebody has learned
 * them: a version that was trained on one is worse than the version before it, and goes.
 */
const STRETCHES: readonly Stretch[] = [
  { offset: 1.2, samples: 700 },
  { offset: -0.6, samples: 112 },
  { offset: 1.2, samples: 700 },
  { offset: -0.4, samples: 900 },
  { offset: 0.8, samples: 112 },
  { offset: -0.4, samples: 700 },
  { offset: 0.5, samples: 900 },
];

/** Samples without end, the first `calm` of them before any drift. Same seed, same world. */
export function* sensorWorld(seed: number, calm: number): Generator<Sample, never> {
  const random = new Random(seed);
  for (let i = 0; i < calm; i++) yield reading(random, 0);
  for (;;) {
    for (const { offset, samples } of STRETCHES) {
      for (let i = 0; i < samples; i++) yield reading(random, offset);
    }
  }
}

function reading(random: Random, offset: number): Sample {
  const [load, temperature] = [2 * random.uniform() - 1, 2 * random.uniform() - 1];
  const shown = Math.sin(2 * load) + 0.5 * temperature + offset + NOISE * random.normal();
  return { input: Float32Array.of(load, temperature), label: Float32Array.of(shown) };
}
