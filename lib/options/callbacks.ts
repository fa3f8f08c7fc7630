import { typeError } from '../errors.js'
import { checks, oneOf } from './checks.js'
import { defaulted, optional } from './option.js'

/** Options of `earlyStopping` that are no names of scores. */
export const earlyStoppingOptions = {
  /** Epochs without improvement after which the fit stops, a whole number. Default 0. */
  patience: defaulted(0, checks.wholeNumber),
  /** By how much the score must be better to count, at least 0. Default 0. */
  minDelta: defaulted(0, checks.nonNegative),
  /** Whether the network gets the weights of its best epoch when the fit ends. Default false. */
  restoreBest: defaulted(false, checks.boolean),
  /** Epochs before which nothing counts, a whole number. Default 0. */
  startEpoch: defaulted(0, checks.wholeNumber),
}

/** Options of `reduceOnPlateau` that are no names of scores. */
export const reduceOnPlateauOptions = {
  /** What the learning rate is multiplied with, in (0, 1). Default 0.1. */
  factor: defaulted(0.1, checks.positiveFraction),
  /** Epochs without improvement after which it is, a positive integer. Default 10. */
  patience: defaulted(10, checks.positiveInteger),
  /** By how much the score must be better to count, at least 0. Default 1e-4. */
  minDelta: defaulted(1e-4, checks.nonNegative),
  /** Epochs to wait after a reduction, a whole number. Default 0. */
  cooldown: defaulted(0, checks.wholeNumber),
  /** Rate below which nothing is reduced, at least 0. Default 0. */
  minRate: defaulted(0, checks.nonNegative),
}

/** Options of `modelCheckpoint` that are no names of scores. */
export const modelCheckpointOptions = {
  /** Whether a file is written only when the score is better than ever. Default false. */
  bestOnly: defaulted(false, checks.boolean),
  /** Epochs from one file to the next, a positive integer. Default 1. */
  every: defaulted(1, checks.positiveInteger),
}

/** Which way a score is better. */
export const directions = ['auto', 'min', 'max'] as const

/** What tells callbacks which score to look at. */
export const monitorOptions = {
  /** The score: 'loss', a metric, or one of a validation set: 'validation.loss', 'validation.dev.accuracy'. Default: the loss of the first validation set, or else of the training. */
  monitor: optional((name: string, value: unknown): string => {
    if (typeof value !== 'string') throw typeError(name, 'the name of a score', value)
    return value
  }),
  /** Whether smaller ('min') or larger ('max') is better. Default 'auto': 'min' for losses and errors, 'max' for the rest. */
  direction: defaulted('auto', oneOf(directions)),
}
