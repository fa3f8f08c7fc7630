import type { Column } from '../data/column.js'
import type { StandardScalerOptions } from '../options/index.js'
import { checks, required } from '../options/index.js'
import type { Learned, Position } from './column_transformer.js'
import type { Moments } from './moments.js'
import { mergeMoments, momentsOf } from './moments.js'
import type { Scaling } from './scaler.js'
import { Scaler, valuesToLearn } from './scaler.js'

const learnedFields = {
  /** Values that are there. */
  count: required(checks.wholeNumber),
  mean: required(checks.finite),
  /** Of the population: divided by `count`. */
  variance: required(checks.nonNegative),
}

/**
 * Standardises columns: `(value - mean) / standard deviation`, of the population (scikit-learn's
 * StandardScaler). Constant columns become 0; NaN is not counted and stays NaN.
 *
 * @example
 * const scaler = new StandardScaler().fit(train.x)
 * scaler.transform(test.x)
 */
export class StandardScaler extends Scaler<'StandardScaler', typeof learnedFields> {
  constructor(options?: StandardScalerOptions) {
    super('StandardScaler', learnedFields, options)
  }

  protected learn(column: Column, { name, before }: Position<typeof learnedFields>): Moments {
    const values = valuesToLearn(column, name, 'StandardScaler')
    const { count, mean, variance } = momentsOf(values)
    return mergeMoments(before ?? { count: 0, mean: 0, variance: 0 }, { count, mean, variance })
  }

  protected scaling(learned: Learned<typeof learnedFields>): Scaling {
    const { mean, variance } = learned
    const { withMean, withStd } = this.options
    return {
      center: withMean ? mean : 0,
      divisor: withStd && !isConstant(learned) ? Math.sqrt(variance) : 1,
      offset: 0,
    }
  }
}

/** Whether a variance is no more than what rounding makes of equal values, as scikit-learn has it. */
function isConstant({ count, mean, variance }: Moments): boolean {
  return variance <= count * Number.EPSILON * variance + (count * mean * Number.EPSILON) ** 2
}
