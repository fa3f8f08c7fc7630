import type { Column } from '../data/column.js'
import { Table } from '../data/table.js'
import type { FloatArray, Matrix } from '../matrix.js'
import type { OptionTable } from '../options/index.js'
import type { Features, Learned, TransformerName } from './column_transformer.js'
import { checkNotInfinite, ColumnTransformer, toFloatColumn } from './column_transformer.js'

/** What a scaler does to the values of a column: `(value - center) / divisor + offset`. */
export interface Scaling {
  readonly center: number
  readonly divisor: number
  readonly offset: number
}

/** A transformer that moves and stretches columns of numbers. NaN stays NaN. */
export abstract class Scaler<
  Name extends TransformerName,
  S extends OptionTable,
> extends ColumnTransformer<Name, S> {
  /** By what was learned from a column. */
  protected abstract scaling(learned: Learned<S>): Scaling

  protected outputs(name: string): readonly string[] {
    return [name]
  }

  protected apply(column: Column, learned: Learned<S>, name: string): readonly Column[] {
    const values = toFloatColumn(column, name, this.constructor.name)
    return [{ type: 'number', values: scale(values, this.scaling(learned)) }]
  }

  /**
   * What `transform` would make these numbers of.
   *
   * @returns a Table for a Table, else a matrix
   */
  inverseTransform(x: Table): Table
  inverseTransform(x: Features): Matrix<FloatArray>
  inverseTransform(x: Features): Table | Matrix<FloatArray> {
    const made = this.made(x)
    const columns = [...this.columns].map(([name, learned]): [string, Column] => {
      const values = toFloatColumn(made.column(name), name, this.constructor.name)
      return [name, { type: 'number', values: unscale(values, this.scaling(learned)) }]
    })
    const result = new Table(new Map(columns))
    return x instanceof Table ? result : result.toMatrix()
  }
}

/**
 * The numbers of a column that a scaler learns from; NaN where one is missing.
 *
 * @throws TypeError or RangeError for a column of anything else, or an infinite number
 */
export function valuesToLearn(column: Column, name: string, owner: string): FloatArray {
  const values = toFloatColumn(column, name, owner)
  checkNotInfinite(name, values)
  return values
}

function scale(values: FloatArray, { center, divisor, offset }: Scaling): FloatArray {
  const scaled = values.slice()
  for (let i = 0; i < values.length; i++)
    scaled[i] = ((values[i] ?? NaN) - center) / divisor + offset
  return scaled
}

function unscale(values: FloatArray, { center, divisor, offset }: Scaling): FloatArray {
  const unscaled = values.slice()
  for (let i = 0; i < values.length; i++)
    unscaled[i] = ((values[i] ?? NaN) - offset) * divisor + center
  return unscaled
}

/** What to divide by for a spread; 1 where there is none, so that constant columns become 0. */
export function divisorOf(spread: number): number {
  return spread < 10 * Number.EPSILON ? 1 : spread
}
