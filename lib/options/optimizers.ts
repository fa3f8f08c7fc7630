import { checks } from './checks.js'
import { defaulted } from './option.js'

const learningRate = (value: number) => defaulted(value, checks.nonNegative)

/** Update rules, each with its options. `learningRate` is the step size, at least 0. */
export const optimizers = {
  gradientDescent: {
    /** Step size, at least 0. Default 0.01. */
    learningRate: learningRate(0.01),
  },
  sgd: {
    /** Step size, at least 0. Default 0.01. */
    learningRate: learningRate(0.01),
    /** Share of the last velocity that is kept, in [0, 1). Default 0. */
    momentum: defaulted(0, checks.fraction),
    /** Nesterov's momentum. Default false. */
    nesterov: defaulted(false, checks.boolean),
  },
  adam: {
    /** Step size, at least 0. Default 0.001. */
    learningRate: learningRate(0.001),
    /** Decay of the running mean of gradients, in [0, 1). Default 0.9. */
    beta1: defaulted(0.9, checks.fraction),
    /** Decay of the running mean of squared gradients, in [0, 1). Default 0.999. */
    beta2: defaulted(0.999, checks.fraction),
    /** Added to the root of the mean square (epsilon-hat of the paper), positive. Default 1e-7. */
    epsilon: defaulted(1e-7, checks.positive),
  },
} as const
/** The name of an optimizer. */
export type OptimizerName = keyof typeof optimizers
