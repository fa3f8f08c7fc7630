import { activations } from './activations.js'
import { checks, nameIn } from './checks.js'
import { initializers } from './initializers.js'
import type { OptionsOf } from './option.js'
import { defaulted, optional } from './option.js'

/** Options of a dense layer. */
export const denseOptions = {
  /** Activation function. Default 'linear'. */
  activation: defaulted('linear', nameIn('activation', activations)),
  /** Whether each unit has a bias. Default true. */
  useBias: defaulted(true, checks.boolean),
  /** Initial kernel. Default 'glorotUniform'. */
  kernelInitializer: defaulted('glorotUniform', nameIn('initializer', initializers)),
  /** Initial biases. Default 'zeros'. */
  biasInitializer: defaulted('zeros', nameIn('initializer', initializers)),
  /** Strength of this kernel's L2 penalty, at least 0. Default: the Trainer's `l2`. */
  l2: optional(checks.nonNegative),
}
/** Options of `dense`. */
export type DenseOptions = OptionsOf<typeof denseOptions>
