import type { Column } from '../data/column.js'
import { Table } from '../data/table.js'
import type { EmbeddedColumn, OrdinalEncoderOptions } from '../options/index.js'
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
 * Makes codes of columns of categories (texts, or numbers that stand for something): 0, 1, 2 and so
 * on, in their order (scikit-learn's OrdinalEncoder). With `unknownValue: 0`, which scikit-learn
 * does not have, known categories count from 1 and all others, missing ones too, are 0: what a
 * layer of embeddings takes.
 *
 * @example
 * const encoder = new OrdinalEncoder({ categories: ['low', 'medium', 'high'] })
 * encoder.fitTransform(['high', 'low']).data // [2, 0]
 */
export class OrdinalEncoder extends ColumnTransformer<'OrdinalEncoder', Fields> {
  constructor(options?: OrdinalEncoderOptions) {
    super('OrdinalEncoder', categoryFields, options)
  }

  /** The code of the first category. */
  get firstCode(): 0 | 1 {
    const { unknownValue, missingValue } = this.options
    return unknownValue === 0 || missingValue === 0 ? 1 : 0
  }

  protected learn(column: Column, position: Position<Fields>) {
    const { categories, unknownValue } = this.options
    const allowsUnknown = unknownValue !== undefined
    return learnCodes(column, position, 'OrdinalEncoder', { categories, allowsUnknown })
  }

  protected outputs(name: string): readonly string[] {
    return [name]
  }

  protected apply(
    column: Column,
    { categories, hasMissing }: Learned<Fields>,
    name: string,
  ): readonly Column[] {
    const { unknownValue } = this.options
    const { missingValue = unknownValue === 0 ? 0 : NaN } = this.options
    const first = this.firstCode
    const places = codesOf(column, categories, name, 'OrdinalEncoder')
    const codes = new Float64Array(places.length)
    for (let row = 0; row < codes.length; row++) {
      const place = places[row] ?? unknown
      if (place >= 0) codes[row] = place + first
      else if (place === missing && (hasMissing || this.options.missingValue !== undefined))
        codes[row] = missingValue
      else if (unknownValue !== undefined) codes[row] = unknownValue
      else throw unknownCategory(column, row, name)
    }
    return [{ type: 'number', values: codes }]
  }

  /** The categories of these codes; missing where there is none. */
  inverseTransform(x: Features): Table {
    const made = this.made(x)
    const columns = [...this.columns].map(([name, { type, categories }]): [string, Column] => {
      const values = toFloatColumn(made.column(name), name, 'OrdinalEncoder')
      const codes = Int32Array.from(values, (code) =>
        Number.isInteger(code) ? code - this.firstCode : missing,
      )
      return [name, decode(codes, categories, type)]
    })
    return new Table(new Map(columns))
  }

  /**
   * The columns as a layer of embeddings takes them, with one category more than are known, for
   * missing and unknown ones; none unless `unknownValue` is 0. Dimensions are fastai's rule (`emb_sz_rule`), `min(600, round(1.6 * categories ** 0.56))`.
   *
   * @param first - place of the first of them among the features
   */
  embeddings(first = 0): EmbeddedColumn[] {
    if (this.options.unknownValue !== 0) return []
    return [...this.columns.values()].map((learned, j) => {
      const categories = learned.categories.length + 1
      const dimensions = Math.min(600, Math.round(1.6 * categories ** 0.56))
      return { column: first + j, categories, dimensions }
    })
  }
}
