import { arrayOf, checks, nameIn, oneOf, threadCount } from './checks.js'
import { conventions } from './conventions.js'
import { losses } from './losses.js'
import { namedIn } from './named.js'
import type { OptionsOf } from './option.js'
import { defaulted, optional, required } from './option.js'

/** What a mean loss is divided by. */
const denominators = ['rows', 'weights'] as const

/** Options of a Trainer that are no objects of their own. */
export const trainerOptions = {
  /** Rows per step; the rows left over at an epoch's end make a smaller batch. A positive integer; default 32, with sklearn conventions 200. */
  batchSize: defaulted(32, checks.positiveInteger, { sklearn: 200 }),
  /** Batches whose gradients make one update, a positive integer: the mean over all their rows. Default 1. */
  accumulate: defaulted(1, checks.positiveInteger),
  /** Passes over the training set that `fit` makes, from 0. Default 1; with phases the sum of theirs. */
  epochs: optional(checks.wholeNumber),
  /** Whether each epoch takes the rows in another random order. Default true. */
  shuffle: defaulted(true, checks.boolean),
  /** Seed of the orders, and of what random layers draw. Equal seeds give equal results. Default 0. */
  seed: defaulted(0, checks.wholeNumber),
  /** Threads of a step. Results do not depend on it. Default: by the work in a step, and at each epoch an even part of the processors that other fits of this process leave (affinity and container limits decide how many there are). */
  threads: optional(threadCount),
  /** Strength of the L1 penalty `l1 * sum of magnitudes` of every kernel, at least 0. Default 0. */
  l1: defaulted(0, checks.nonNegative),
  /** Strength of the L2 penalty `l2 * sum of squares` of every kernel, at least 0; with torch conventions `l2 / 2 * sum of squares` of kernels and biases, with sklearn's `l2 / 2 * sum of squares / batch rows` of kernels. Default 0. */
  l2: defaulted(0, checks.nonNegative),
  /** Limit, positive, of the Euclidean norm of each tensor's gradient; with torch conventions of all tensors' together, and penalties are added afterwards. Default: none. */
  clipNorm: optional(checks.positive),
  /** Limit, positive, of the Euclidean norm of all tensors' gradients together. Default: none. */
  clipGlobalNorm: optional(checks.positive),
  /** Limit, positive, of the magnitude of each element of the gradient. Default: none. */
  clipValue: optional(checks.positive),
  /** What a mean loss is divided by where rows have weights: 'rows', their number, or 'weights', the sum of their weights. Default 'rows'; 'weights' with torch and sklearn conventions. */
  meanOver: defaulted('rows', oneOf(denominators), { torch: 'weights', sklearn: 'weights' }),
  /** Momentum, in (0, 1), of running averages of the weights (EMA), which the network then shows; training goes on from the weights themselves. Default: none. */
  averageMomentum: optional(checks.positiveFraction),
  /** Whose conventions are followed, 'keras', 'torch' or 'sklearn': they decide defaults, and what penalties and clipping mean. Default 'keras'. */
  conventions: defaulted('keras', nameIn('conventions', conventions)),
}

/** Options of one of the Trainer's phases, beside its optimizer. */
export const phaseOptions = {
  /** Epochs after which the next phase begins, a positive integer. The last phase goes on for as long as `fit` does. */
  epochs: required(checks.positiveInteger),
  /** Rows per step, a positive integer. Default: the Trainer's. */
  batchSize: optional(checks.positiveInteger),
}

/** Options of `Trainer.fit` that are no objects of their own. */
export const fitOptions = {
  /** Passes over the training set, from 0. Default: the Trainer's, or the sum of its phases'. */
  epochs: optional(checks.wholeNumber),
  /** `onBatchEnd` is called at every so many batches, and at the epoch's last. Default 1. */
  batchReportInterval: defaulted(1, checks.positiveInteger),
  /** Whether reports have the exact scores of the training set after each epoch, as `train`, beside the running means over it. Default false: they cost another pass. */
  evaluateTrain: defaulted(false, checks.boolean),
}

/** Options of `stepsPerEpoch`: the Trainer's own. */
export const stepsOptions = {
  batchSize: trainerOptions.batchSize,
  accumulate: trainerOptions.accumulate,
  conventions: trainerOptions.conventions,
}

/** Options of `Network.checkGradients`. */
export const gradientCheckOptions = {
  /** The cost function. */
  loss: required(namedIn('loss', losses)),
  /** Strength of the L1 penalty of every kernel, at least 0. Default 0. */
  l1: defaulted(0, checks.nonNegative),
  /** Strength of the L2 penalty of every kernel, at least 0. Default 0. */
  l2: defaulted(0, checks.nonNegative),
  /** Step of the central differences, relative to weights above 1, positive. Default: the cube root of float64's epsilon, 6.06e-6. */
  epsilon: defaulted(Math.cbrt(Number.EPSILON), checks.positive),
  /** Whose conventions decide defaults. Default 'keras'. */
  conventions: defaulted('keras', nameIn('conventions', conventions)),
}
/** Options of `Network.checkGradients`. @interface */
export type GradientCheckOptions = OptionsOf<typeof gradientCheckOptions>

/** Class weights, one per class. */
export const classWeights = arrayOf('an array of weights, one per class', checks.nonNegative)
