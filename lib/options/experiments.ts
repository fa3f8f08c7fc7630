import { directions } from './callbacks.js'
import { arrayOf, checks, number, oneOf } from './checks.js'
import { defaulted, optional, required } from './option.js'

/** Options of every experiment that trains networks side by side. */
export const experimentOptions = {
  /** Epochs that each network is trained, a positive integer. Default: what its Trainer says. */
  epochs: optional(checks.positiveInteger),
  /** Networks that are trained at once, a positive integer. Results do not depend on it. Default: the processors that this process may use. */
  concurrency: optional(checks.positiveInteger),
  /** Seed of what is drawn, such as the seeds that `build` is given. Equal seeds give equal results. Default 0. */
  seed: defaulted(0, checks.wholeNumber),
  /** Whether every trained network is kept, not just the best. Default false: they can be many. */
  keepNetworks: defaulted(false, checks.boolean),
}

/** What tells a search which score to go by. */
const rankingOptions = {
  /** The score to go by: 'test.accuracy' for that of a data set, or 'accuracy' for that of the first set that is not `train`. Default: the first metric of that set, or its loss. */
  monitor: optional(checks.scoreName),
  /** Whether smaller ('min') or larger ('max') is better. Default 'auto': 'min' for losses, penalties and errors, 'max' for the rest. */
  direction: defaulted('auto', oneOf(directions)),
}

/** Options of `gridSearch` that are no objects of their own. */
export const gridSearchOptions = { ...experimentOptions, ...rankingOptions }

/** Options of `randomSearch` that are no objects of their own. */
export const randomSearchOptions = {
  ...gridSearchOptions,
  /** Points to draw, a positive integer. Those of fewer trials are among those of more. */
  trials: required(checks.positiveInteger),
}

/** Options of `halvingSearch` that are no objects of their own. */
export const halvingSearchOptions = {
  ...gridSearchOptions,
  /** Points to draw, a positive integer; with `space`. */
  trials: optional(checks.positiveInteger),
  /** Epochs that the networks of the last round come to, a positive integer. */
  epochs: required(checks.positiveInteger),
  /** Epochs of the first round at least, a positive integer. Default 1. */
  minEpochs: defaulted(1, checks.positiveInteger),
  /** One in so many goes on to the next round, with as many times the epochs; at least 2. Default 3. */
  factor: defaulted(
    3,
    number('a number of at least 2', (value) => Number.isFinite(value) && value >= 2),
  ),
}

/** Options of `crossValidate` and `validationCurve` that are no objects of their own. */
export const crossValidationOptions = experimentOptions

/** Options of `learningCurve` that are no objects of their own. */
export const learningCurveOptions = {
  ...crossValidationOptions,
  /** Sizes of the training set: fractions of it, in (0, 1], or numbers of rows if one is above 1. Default [0.1, 0.325, 0.55, 0.775, 1]. */
  sizes: defaulted([0.1, 0.325, 0.55, 0.775, 1], arrayOf('an array of sizes', checks.positive)),
}

/** What the errors of a diagnosis can be. */
const errorMetrics = [
  'errorRate',
  'meanSquaredError',
  'rootMeanSquaredError',
  'meanAbsoluteError',
] as const
/** 'errorRate', the share of rows whose class is not predicted, or a metric of a Trainer's. */
export type ErrorMetric = (typeof errorMetrics)[number]

/** Options of `diagnose` that are no sets. */
export const diagnosisOptions = {
  /** What the errors are. Default: 'errorRate' where rows have class labels or rates are given, else 'meanSquaredError'. */
  metric: optional(oneOf(errorMetrics)),
  /** How sure the intervals are, in (0, 1). Default 0.95. */
  confidence: defaulted(0.95, checks.positiveFraction),
}

/** An error of a diagnosis that was measured before. */
export const measuredErrorOptions = {
  /** The error, a number from 0; of a rate in [0, 1]. */
  error: required(checks.nonNegative),
  /** Rows that a rate was taken of, a positive integer. */
  rows: optional(checks.positiveInteger),
  /** Of the error, a number from 0. */
  standardError: optional(checks.nonNegative),
}
