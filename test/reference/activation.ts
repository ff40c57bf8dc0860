// The activation functions and their derivatives, on one number at a time.

/** The activations a layer may have. */
export type ActivationName = "identity" | "relu" | "tanh" | "gelu" | "sigmoid";

/** From the tanh approximation of Hendrycks & Gimpel 2016, section 2. */
const GELU_SCALE = Math.sqrt(2 / Math.PI);
const GELU_CUBIC = 0.044715;

/** 1 / (1 + exp(-z)), written so that exp never overflows. */
export function sigmoid(z: number): number {
  if (z >= 0) return 1 / (1 + Math.exp(-z));
  return Math.exp(z) / (1 + Math.exp(z));
}

function gelu(z: number): number {
  return 0.5 * z * (1 + Math.tanh(GELU_SCALE * (z + GELU_CUBIC * z ** 3)));
}

function geluDerivative(z: number): number {
  const t = Math.tanh(GELU_SCALE * (z + GELU_CUBIC * z ** 3));
  const innerDerivative = GELU_SCALE * (1 + 3 * GELU_CUBIC * z ** 2);
  return 0.5 * (1 + t) + 0.5 * z * (1 - t * t) * innerDerivative;
}

const VALUE: Record<ActivationName, (z: number) => number> = {
  identity: (z) => z,
  relu: (z) => Math.max(z, 0),
  tanh: (z) => Math.tanh(z),
  gelu,
  sigmoid,
};

const DERIVATIVE: Record<ActivationName, (z: number) => number> = {
  identity: () => 1,
  relu: (z) => (z > 0 ? 1 : 0),
  tanh: (z) => 1 - Math.tanh(z) ** 2,
  gelu: geluDerivative,
  sigmoid: (z) => sigmoid(z) * sigmoid(-z),
};

/**
 * Returns the activation of the pre-activation z:
 *
 *     identity z; relu max(z, 0); tanh tanh(z); sigmoid 1 / (1 + exp(-z))
 *     gelu 0.5 z (1 + tanh(sqrt(2/pi) (z + 0.044715 z^3)))
 */
export function activate(name: ActivationName, z: number): number {
  return VALUE[name](z);
}

/** Returns d activation / dz at the pre-activation z. The derivative of relu at 0 is 0. */
export function activationDerivative(name: ActivationName, z: number): number {
  return DERIVATIVE[name](z);
}
