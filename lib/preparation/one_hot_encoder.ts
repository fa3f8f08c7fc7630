import type { Column } from '../data/column.js'
import { Table } from '../data/table.js'
import type { OneHotEncoderOptions } from '../options/index.js'
import {
  categoryFields,
  codesOf,
  decode,
  learnCodes,
  missing,
  unknown,
  unknownCategory,
} from './categories.js'
import type { Features, Learned, Position } from './column_transformer.js'
import { ColumnTransformer, toFloatColumn } from './column_transformer.js'

type Fields = typeof categoryFields

/**
 * Makes of each column of categories (texts, or numbers that stand for something) one column per
 * category: 1 in the rows that have it, 0 elsewhere (scikit-learn's OneHotEncoder). Missing values
 * are a category of their own, the last one, if there were any in what was learned from; where
 * there were none, they are as unknown as a category that was not there.
 *
 * @example
 * const encoder = new OneHotEncoder({ handleUnknown: 'ignore' })
 * encoder.fit(['red', 'blue', 'red']).transform(['blue', 'green']).data // [1, 0,  0, 0]
 */
export class OneHotEncoder extends ColumnTransformer<'OneHotEncoder', Fields> {
  constructor(options?: OneHotEncoderOptions) {
    super('OneHotEncoder', categoryFields, options)
  }

  protected learn(column: Column, position: Position<Fields>) {
    const { categories, handleUnknown } = this.options
    const allowsUnknown = handleUnknown === 'ignore'
    return learnCodes(column, position, 'OneHotEncoder', { categories, allowsUnknown })
  }

  protected outputs(name: string, learned: Learned<Fields>): readonly string[] {
    const { categories, hasMissing } = learned
    return [...categories, ...(hasMissing ? ['(missing)'] : [])]
      .slice(this.#dropped(learned))
      .map((category) => `${name}_${category}`)
  }

  protected apply(column: Column, learned: Learned<Fields>, name: string): readonly Column[] {
    const { categories, hasMissing } = learned
    const codes = codesOf(column, categories, name, 'OneHotEncoder')
    const dropped = this.#dropped(learned)
    const count = categories.length + Number(hasMissing) - dropped
    const outputs = Array.from({ length: count }, () => new Uint8Array(codes.length))
    const isError = this.options.handleUnknown === 'error'
    for (let row = 0; row < codes.length; row++) {
      const code = codes[row] ?? unknown
      const place = code === missing && hasMissing ? categories.length : code
      const output = outputs[place - dropped]
      if (output !== undefined) output[row] = 1
      else if (isError && place < 0) throw unknownCategory(column, row, name)
    }
    return outputs.map((values) => ({ type: 'number', values }))
  }

  /**
   * The categories of these columns of outputs: of each row that with the largest; where all are 0
   * the dropped one, or a missing value if none is dropped.
   */
  inverseTransform(x: Features): Table {
    const made = this.made(x)
    const columns = [...this.columns].map(([name, learned]): [string, Column] => {
      const outputs = this.outputs(name, learned).map((output) =>
        toFloatColumn(made.column(output), output, 'OneHotEncoder'),
      )
      const dropped = this.#dropped(learned)
      const codes = Int32Array.from({ length: made.rows }, (_, row) => {
        const values = outputs.map((output) => output[row] ?? 0)
        const largest = Math.max(...values)
        return largest > 0 ? values.indexOf(largest) + dropped : dropped - 1
      })
      return [name, decode(codes, learned.categories, learned.type)]
    })
    return new Table(new Map(columns))
  }

  /** How many of the first categories have no output. */
  #dropped({ categories, hasMissing }: Learned<Fields>): number {
    const { drop } = this.options
    const isBinary = categories.length + Number(hasMissing) === 2
    return Number(drop === 'first' || (drop === 'ifBinary' && isBinary))
  }
}
