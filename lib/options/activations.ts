import { checks } from './checks.js'
import { defaulted } from './option.js'

/** Activation functions: f in a = f(z), each with its options. */
export const activations = {
  /** z */
  linear: {},
  /** 1 / (1 + exp(-z)) */
  sigmoid: {},
  /** z / 6 + 1/2, within [0, 1] */
  hardSigmoid: {},
  /** tanh z */
  tanh: {},
  /** max(z, 0) */
  relu: {},
  /** min(max(z, 0), 6) */
  relu6: {},
  /** z, or slope z for z < 0; Maas, Hannun and Ng, 2013. */
  leakyRelu: {
    /** What negative inputs are multiplied with, from 0 to 1e30. Default 0.2; PyTorch 0.01. */
    slope: defaulted(0.2, checks.nonNegativeFloat, { torch: 0.01 }),
  },
  /** z, or alpha (exp(z) - 1) for z < 0; Clevert, Unterthiner and Hochreiter, 2016. */
  elu: {
    /** Minus the limit for z towards -infinity, from 0 to 1e30. Default 1. */
    alpha: defaulted(1, checks.nonNegativeFloat),
  },
  /**
   * 1.0507 z, or 1.0507 * 1.6733 (exp(z) - 1) for z < 0; the numbers in full precision, Klambauer,
   * Unterthiner, Mayr and Hochreiter, 2017.
   */
  selu: {},
  /** z, or alpha (exp(z / alpha) - 1) for z < 0; Barron, 2017. */
  celu: {
    /** Minus the limit for z towards -infinity, from 1e-30 to 1e30. Default 1. */
    alpha: defaulted(1, checks.positiveFloat),
  },
  /**
   * z Phi(z) = z / 2 (1 + erf(z / sqrt 2)), Phi being the standard normal distribution function;
   * Hendrycks and Gimpel, 2016.
   */
  gelu: {
    /** Whether z / 2 (1 + tanh(sqrt(2 / pi) (z + 0.044715 z^3))) takes its place. Default false. */
    approximate: defaulted(false, checks.boolean),
  },
  /** z sigmoid(z), also called swish */
  silu: {},
  /** z tanh(log(1 + exp(z))); Misra, 2019. */
  mish: {},
  /** log(1 + exp(z)) */
  softplus: {},
  /** z / (1 + |z|) */
  softsign: {},
  /** exp(z) / sum of exp(z), over the outputs of a row */
  softmax: {},
  /** z - log of the sum of exp(z), over the outputs of a row */
  logSoftmax: {},
  /** exp(z) */
  exponential: {},
} as const
/** The name of an activation function. */
export type ActivationName = keyof typeof activations
