import { checks, nameIn, threadCount } from './checks.js'
import { conventions } from './conventions.js'
import { losses } from './losses.js'
import type { OptionsOf } from './option.js'
import { defaulted, optional, required } from './option.js'

/** Options of a Trainer that are no objects of their own. */
export const trainerOptions = {
  /** The cost function that training makes small. */
  loss: required(nameIn('loss', losses)),
  /** Rows per step; the rows left over at an epoch's end make a smaller batch. Default 32. */
  batchSize: defaulted(32, checks.positiveInteger),
  /** Passes over the training set that `fit` makes. Default 1. */
  epochs: defaulted(1, checks.wholeNumber),
  /** Whether each epoch takes the rows in another random order. Default true. */
  shuffle: defaulted(true, checks.boolean),
  /** Seed of the orders. Equal seeds give equal results. Default 0. */
  seed: defaulted(0, checks.wholeNumber),
  /** Threads of a step. Results do not depend on it. Default: by the work in a step, at most one per available core. */
  threads: optional(threadCount),
  /** Strength of the L2 penalty `l2 * sum of squares` of every kernel, at least 0. Default 0. */
  l2: defaulted(0, checks.nonNegative),
  /** Whose conventions are followed. Default 'keras'. */
  conventions: defaulted('keras', nameIn('conventions', conventions)),
}

/** Options of `Network.checkGradients`. */
export const gradientCheckOptions = {
  /** The cost function. */
  loss: required(nameIn('loss', losses)),
  /** Strength of the L2 penalty of every kernel, at least 0. Default 0. */
  l2: defaulted(0, checks.nonNegative),
  /** Step of the central differences, relative to weights above 1, positive. Default: the cube root of float64's epsilon, 6.06e-6. */
  epsilon: defaulted(Math.cbrt(Number.EPSILON), checks.positive),
}
/** Options of `Network.checkGradients`. */
export type GradientCheckOptions = OptionsOf<typeof gradientCheckOptions>
