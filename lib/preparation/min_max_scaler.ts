import type { Column } from '../data/column.js'
import type { MinMaxScalerOptions } from '../options/index.js'
import { checks, required } from '../options/index.js'
import type { Learned, Position } from './column_transformer.js'
import { rangeOf } from './moments.js'
import type { Scaling } from './scaler.js'
import { divisorOf, Scaler, valuesToLearn } from './scaler.js'

const learnedFields = {
  /** Values that are there. */
  count: required(checks.wholeNumber),
  minimum: required(checks.finite),
  maximum: required(checks.finite),
}

/**
 * Moves and stretches columns to `featureRange`: the least value that was learned to its lower end,
 * the largest to its upper one (scikit-learn's MinMaxScaler). Constant columns become the lower
 * end; NaN is not counted and stays NaN.
 *
 * @example
 * const scaler = new MinMaxScaler({ featureRange: [-1, 1] }).fit(train.x)
 * scaler.transform(test.x)
 */
export class MinMaxScaler extends Scaler<'MinMaxScaler', typeof learnedFields> {
  constructor(options?: MinMaxScalerOptions) {
    super('MinMaxScaler', learnedFields, options)
  }

  protected learn(column: Column, { name, before }: Position<typeof learnedFields>) {
    const values = valuesToLearn(column, name, 'MinMaxScaler')
    const { count, minimum, maximum } = rangeOf(values)
    const past = before === undefined || before.count === 0 ? undefined : before
    if (count === 0) return past ?? { count, minimum: 0, maximum: 0 }
    return {
      count: count + (past?.count ?? 0),
      minimum: Math.min(minimum, past?.minimum ?? minimum),
      maximum: Math.max(maximum, past?.maximum ?? maximum),
    }
  }

  protected scaling({ minimum, maximum }: Learned<typeof learnedFields>): Scaling {
    const [low, high] = this.options.featureRange
    return { center: minimum, divisor: divisorOf(maximum - minimum) / (high - low), offset: low }
  }

  protected override apply(
    column: Column,
    learned: Learned<typeof learnedFields>,
    name: string,
  ): readonly Column[] {
    const scaled = super.apply(column, learned, name)
    if (!this.options.clip) return scaled
    const [low, high] = this.options.featureRange
    return scaled.map((made) =>
      made.type === 'number'
        ? {
            type: 'number',
            values: made.values.map((value) => Math.min(Math.max(value, low), high)),
          }
        : made,
    )
  }
}
