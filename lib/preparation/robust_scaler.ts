import type { Column } from '../data/column.js'
import type { RobustScalerOptions } from '../options/index.js'
import { checks, required } from '../options/index.js'
import type { Learned, Position } from './column_transformer.js'
import { quantiles } from './quantiles.js'
import type { Scaling } from './scaler.js'
import { divisorOf, Scaler, valuesToLearn } from './scaler.js'

const learnedFields = {
  median: required(checks.finite),
  /** Distance of the two percentiles. */
  spread: required(checks.nonNegative),
}

/**
 * Scales columns by what outliers do not move: `(value - median) / (upper - lower percentile)`
 * (scikit-learn's RobustScaler, with NumPy's linear interpolation). Constant columns become 0; NaN
 * is not counted and stays NaN. It is not learned in parts: a median needs all values.
 *
 * @example
 * const scaler = new RobustScaler({ quantileRange: [10, 90] }).fit(train.x)
 * scaler.transform(test.x)
 */
export class RobustScaler extends Scaler<'RobustScaler', typeof learnedFields> {
  constructor(options?: RobustScalerOptions) {
    super('RobustScaler', learnedFields, options)
  }

  protected learn(column: Column, { name, before }: Position<typeof learnedFields>) {
    if (before !== undefined)
      throw new TypeError('RobustScaler does not learn in parts; StandardScaler does')
    const values = valuesToLearn(column, name, 'RobustScaler')
    const [low, high] = this.options.quantileRange
    const [median = 0, lower = 0, upper = 0] = quantiles(values, [0.5, low / 100, high / 100]) ?? []
    return { median, spread: upper - lower }
  }

  protected scaling({ median, spread }: Learned<typeof learnedFields>): Scaling {
    const { withCentering, withScaling } = this.options
    return {
      center: withCentering ? median : 0,
      divisor: withScaling ? divisorOf(spread) : 1,
      offset: 0,
    }
  }
}
