/** Activation functions: f in a = f(z). */
export const activations = {
  /** z */
  linear: {},
  /** 1 / (1 + exp(-z)) */
  sigmoid: {},
  /** tanh z */
  tanh: {},
  /** max(z, 0) */
  relu: {},
  /** exp(z) / sum of exp(z), over the outputs of a row */
  softmax: {},
} as const
/** The name of an activation function. */
export type ActivationName = keyof typeof activations
