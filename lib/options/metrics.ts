import { checks, oneOf } from './checks.js'
import { defaulted } from './option.js'

/** How `precision`, `recall` and `f1` become one figure, in the order of the core's numbers. */
export const classAverages = ['auto', 'macro', 'micro', 'weighted', 'binary'] as const
/** How the areas of several outputs become one figure, in the order of the core's numbers. */
export const areaAverages = ['macro', 'weighted'] as const

const classAverage = {
  /**
   * 'macro': mean over the classes that occur, among the targets or the predictions; 'micro': of
   * all classes' rows together; 'weighted': mean over classes, by the weight of their rows;
   * 'binary': of class 1, for at most two classes. Default 'auto': 'binary' with one output, else
   * 'macro'. (scikit-learn's default is 'binary', which it refuses for more classes.)
   */
  average: defaulted('auto', oneOf(classAverages)),
} as const

/**
 * What is reported beside the loss. Means are over rows by their sample weights. The class of a row
 * is its label, or the column of its largest target; the predicted one is that of the largest
 * output. A network with one output has the classes 0 and 1, told apart by 1/2.
 */
export const metrics = {
  /** The share of rows whose class is predicted. */
  accuracy: {},
  /** The share of outputs above the threshold if their target is above 1/2, and else not. */
  binaryAccuracy: {
    /** What outputs are compared with, a finite number. Default 0.5. */
    threshold: defaulted(0.5, checks.finite),
  },
  /** The share of rows with fewer than k outputs above that of their class. */
  topKAccuracy: {
    /** A positive integer. Default 5; 2 in scikit-learn. */
    k: defaulted(5, checks.positiveInteger, { sklearn: 2 }),
  },
  /** Of the rows predicted to be in a class, the share that is in it; 0 where there are none. */
  precision: classAverage,
  /** Of the rows in a class, the share predicted to be in it; 0 where there are none. */
  recall: classAverage,
  /** 2 / (1 / precision + 1 / recall) of a class; 0 where both are. */
  f1: classAverage,
  /**
   * Area under the receiver operating characteristic: the share of pairs of a positive and a
   * negative row in which the positive one's output is larger, ties counting half. Exact, from all
   * rows of a set at once. Each output against its own target, so of a class against the others; a
   * target is positive above 1/2. NaN where the rows of a set are all of one kind.
   */
  rocAuc: {
    /** Mean over outputs, 'weighted' by their positive rows' weight or not. Default 'macro'. */
    average: defaulted('macro', oneOf(areaAverages)),
  },
  /**
   * Mean over rows of -sum of y log a, with one output of -(y log a + (1 - y) log(1 - a)), for
   * outputs a that are probabilities. They are clipped to [e, 1 - e], where e is the epsilon of the
   * network's type of number, as in scikit-learn's `log_loss`.
   */
  logLoss: {},
  /** Mean over rows and outputs of (a - y)^2. */
  meanSquaredError: {},
  /** The root of `meanSquaredError`. (scikit-learn's is the mean of each output's root.) */
  rootMeanSquaredError: {},
  /** Mean over rows and outputs of |a - y|. */
  meanAbsoluteError: {},
  /**
   * Mean over outputs of 1 - sum of (a - y)^2 / sum of (y - mean of y)^2; for an output whose
   * targets are all equal 1 if every row is right, else 0. NaN of fewer than two rows.
   */
  r2: {},
  /**
   * Weight of the rows of each class (row) that are predicted to be in each (column): classes x
   * classes numbers, row by row. For at most 1024 classes.
   */
  confusionMatrix: {},
} as const
/** The name of a metric. */
export type MetricName = keyof typeof metrics
