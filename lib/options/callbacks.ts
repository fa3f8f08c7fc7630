import { checks, nameIn, oneOf } from './checks.js'
import { defaulted, optional } from './option.js'

/** Whose rule of stopping is followed. */
const stoppingConventions = { keras: {}, sklearn: {} } as const
/** Whose rule of reducing the rate is followed. */
const plateauConventions = { keras: {}, torch: {} } as const

/** Which way a score is better. */
export const directions = ['auto', 'min', 'max'] as const

/** What tells callbacks which score to look at. */
const monitorOptions = {
  /** The score: 'loss', a metric, one of a validation set, as 'validation.loss' or 'validation.dev.accuracy', or of `train`. Default: the loss of the first validation set, or else of the training. */
  monitor: optional(checks.scoreName),
  /** Whether smaller ('min') or larger ('max') is better. Default 'auto': 'min' for losses, penalties and errors, 'max' for the rest. */
  direction: defaulted('auto', oneOf(directions)),
}

/** Options of `earlyStopping`. */
export const earlyStoppingOptions = {
  ...monitorOptions,
  /** Epochs without improvement after which the fit stops, a whole number. Default 0; with sklearn conventions 10, and it stops after one more. */
  patience: defaulted(0, checks.wholeNumber, { sklearn: 10 }),
  /** By how much the score must be better than the best one to count, at least 0. Default 0; 1e-4 with sklearn conventions, where it is enough to be just that much better. */
  minDelta: defaulted(0, checks.nonNegative, { sklearn: 1e-4 }),
  /** A score that an epoch must be better than, too, to count, a finite number. Default: none. */
  baseline: optional(checks.finite),
  /** Whether the network gets the weights of its best epoch when the fit ends, however it ends. Default false. */
  restoreBest: defaulted(false, checks.boolean),
  /** Epochs at the fit's beginning that are not looked at, a whole number. Default 0. */
  startEpoch: defaulted(0, checks.wholeNumber),
  /** 'keras': only a score that counts is a new best. 'sklearn': every better score is. Default 'keras'. */
  conventions: defaulted('keras', nameIn('conventions', stoppingConventions)),
}

/** Options of `reduceOnPlateau`. */
export const reduceOnPlateauOptions = {
  ...monitorOptions,
  /** What the learning rate is multiplied with, in (0, 1). Default 0.1. */
  factor: defaulted(0.1, checks.positiveFraction),
  /** Epochs without improvement after which it is, a whole number; with torch conventions, after one more. Default 10. */
  patience: defaulted(10, checks.wholeNumber),
  /** By how much the score must be better than the best one to count, at least 0; with torch conventions, which share of the best score. Default 1e-4. */
  minDelta: defaulted(1e-4, checks.nonNegative),
  /** Epochs to wait after a reduction, a whole number. Default 0. */
  cooldown: defaulted(0, checks.wholeNumber),
  /** Rate below which nothing is reduced, at least 0. Default 0. */
  minRate: defaulted(0, checks.nonNegative),
  /** Whose rule: that of Keras's ReduceLROnPlateau or of PyTorch's. Default 'keras'. */
  conventions: defaulted('keras', nameIn('conventions', plateauConventions)),
}

/** Options of `modelCheckpoint`. */
export const modelCheckpointOptions = {
  ...monitorOptions,
  /** Whether a file is written only when the score is better than ever, in all fits that the callback is given to. Default false. */
  bestOnly: defaulted(false, checks.boolean),
  /** Epochs from one file to the next, a positive integer; `bestOnly` looks at those alone. Default 1. */
  every: defaulted(1, checks.positiveInteger),
}

/** Options of `csvLogger`. */
export const csvLoggerOptions = {
  /** Whether lines are added to a file that exists, and not to an empty one. Default false. */
  append: defaulted(false, checks.boolean),
}
