// The smallest configuration of a model, and configurations with something changed.

/** A network with one input, one hidden layer, one output. */
export const signal = {
  network: {
    input_size: 1,
    layers: [
      { name: "hidden", size: 8, activation: "tanh" },
      { name: "output", size: 1 },
    ],
  },
  update: { lr: 0.02, optimizer: "adamw", max_steps: 50 },
};

/** The text of a file with one model, whose members are those of `signal` and `more`. */
export function fileWith(more: object, id = "signal"): string {
  return JSON.stringify({ models: { [id]: { ...signal, ...more } } });
}
