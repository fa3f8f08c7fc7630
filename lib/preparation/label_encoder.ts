import type { Column, ColumnLike } from '../data/column.js'
import { Table } from '../data/table.js'
import { rangeError, typeError } from '../errors.js'
import type { TypedArray } from '../matrix.js'
import { isTypedArray } from '../matrix.js'
import type { Categories } from '../options/index.js'
import { checkCategories } from '../options/index.js'
import { codesOf, learnCategories, missing, unknownCategory } from './categories.js'
import { checkRecord, conform, notFitted } from './column_transformer.js'

/** Classes as data have them: texts or numbers, one per row; or a Table of one such column. */
export type ClassColumn = Column | Table | readonly string[] | readonly number[] | TypedArray

/**
 * Makes class indices of classes as data have them, texts or numbers, and the other way round
 * (scikit-learn's LabelEncoder). Classes are sorted, those of each part behind the ones known before.
 *
 * @example
 * const encoder = new LabelEncoder()
 * encoder.fitTransform(['yes', 'no', 'yes']) // Int32Array [1, 0, 1]
 * encoder.inverseTransform([0]) // ['no']
 */
export class LabelEncoder {
  #classes: Categories | undefined

  /**
   * The classes, by their index.
   *
   * @throws GemmnetError `ERR_NOT_FITTED` before `fit`
   */
  get classes(): Categories {
    if (this.#classes === undefined) throw notFitted('LabelEncoder')
    return this.#classes
  }

  /**
   * Learns the classes, and forgets what was learned before.
   *
   * @throws TypeError or RangeError for dates, missing values, no rows
   */
  fit(y: ClassColumn): this {
    return this.#learn(y, [])
  }

  /**
   * Learns the classes of these rows too; those learned before keep their indices.
   *
   * @throws TypeError or RangeError as `fit`
   */
  partialFit(y: ClassColumn): this {
    return this.#learn(y, this.#classes ?? [])
  }

  #learn(y: ClassColumn, before: Categories): this {
    const { name, column } = readClasses(y, before)
    const past = { categories: before, hasMissing: false }
    const { categories, hasMissing } = learnCategories(column, name, 'LabelEncoder', past)
    if (hasMissing) {
      const row = codesOf(column, categories, name, 'LabelEncoder').indexOf(missing)
      throw rangeError(`${name}[${row}]`, 'a class', null)
    }
    if (categories.length === 0) throw new RangeError('`y` has no rows')
    this.#classes = Object.freeze(categories)
    return this
  }

  /**
   * The index of each class.
   *
   * @throws RangeError, naming the row, for a class that was not learned
   */
  transform(y: ClassColumn): Int32Array {
    const { classes } = this
    const { name, column } = readClasses(y, classes)
    const codes = codesOf(column, classes, name, 'LabelEncoder')
    const row = codes.findIndex((code) => code < 0)
    if (row >= 0) throw unknownCategory(column, row, name)
    return codes
  }

  /**
   * `fit`, then `transform` of the same rows.
   *
   * @throws TypeError or RangeError as `fit`
   */
  fitTransform(y: ClassColumn): Int32Array {
    return this.fit(y).transform(y)
  }

  /**
   * The classes of these indices.
   *
   * @throws RangeError for an index that no class has
   */
  inverseTransform(indices: ArrayLike<number>): (string | number)[] {
    const { classes } = this
    return Array.from(indices, (index, row) => {
      const name = classes[index]
      if (name === undefined)
        throw rangeError(`indices[${row}]`, `a class from 0 to ${classes.length - 1}`, index)
      return name
    })
  }

  /** What was learned. */
  toJSON(): object {
    return { classes: this.#classes }
  }

  /**
   * An encoder from what `toJSON` gave.
   *
   * @throws TypeError or RangeError if it is not that
   */
  static fromJSON(json: unknown): LabelEncoder {
    const { classes } = checkRecord(json)
    const made = new LabelEncoder()
    if (classes === undefined) return made
    const categories = checkCategories('classes', classes)
    if (categories.length === 0) throw rangeError('classes', 'not empty', classes)
    made.#classes = categories
    return made
  }
}

/** The column of classes, of the type of those that were learned. */
function readClasses(y: unknown, classes: Categories): { name: string; column: Column } {
  const isObject = typeof y === 'object' && y !== null && 'type' in y
  if (!(y instanceof Table) && !Array.isArray(y) && !isTypedArray(y) && !isObject)
    throw typeError('y', 'an array of classes, or a column', y)
  const table = y instanceof Table ? y : new Table(new Map([['y', y as ColumnLike]]))
  const [name = ''] = table.names
  if (table.names.length !== 1) throw rangeError('y', 'one column', table.names)
  const column = table.column(name)
  const [first] = classes
  const type = typeof first === 'string' ? 'category' : 'number'
  return {
    name,
    column: first === undefined ? column : conform(column, type, name, 'LabelEncoder'),
  }
}
