import type { CategoryColumn, Column, DateColumn, NumberColumn } from '../data/column.js'
import { lengthOf, whatHolds } from '../data/column.js'
import { show } from '../errors.js'
import type { SimpleImputerOptions } from '../options/index.js'
import { checkFillValue, checks, required } from '../options/index.js'
import type { Learned, Position } from './column_transformer.js'
import { checkNotInfinite, ColumnTransformer } from './column_transformer.js'
import { mergeMoments, momentsOf } from './moments.js'
import { quantiles } from './quantiles.js'

const learnedFields = {
  /** What missing values become; of dates in milliseconds since 1970. */
  value: required(checkFillValue),
  /** Values that were there. */
  count: required(checks.wholeNumber),
  /** Whether a value was missing. */
  hasMissing: required(checks.boolean),
}
type Fields = typeof learnedFields

/**
 * Fills in missing values (scikit-learn's SimpleImputer): of numbers and dates by mean, median or
 * the most frequent value of their column, of texts by the most frequent one, or by a constant.
 * Means and constants are learned in parts too.
 *
 * @throws RangeError in `fit` for a column where no value is there to learn from
 *
 * @example
 * new SimpleImputer({ strategy: 'median' }).fitTransform([[1], [NaN], [5]]).data // [1, 3, 5]
 */
export class SimpleImputer extends ColumnTransformer<'SimpleImputer', Fields> {
  constructor(options?: SimpleImputerOptions) {
    super('SimpleImputer', learnedFields, options)
  }

  protected learn(column: Column, { name, before }: Position<Fields>) {
    const { strategy } = this.options
    if (before !== undefined && (strategy === 'median' || strategy === 'mostFrequent'))
      throw new TypeError(
        `SimpleImputer does not learn '${strategy}' in parts; it does learn 'mean' and 'constant'`,
      )
    if (column.type !== 'category') checkNotInfinite(name, column.values)
    const there = countOf(column)
    const learned = {
      count: there + (before?.count ?? 0),
      hasMissing: there < lengthOf(column) || (before?.hasMissing ?? false),
    }
    if (strategy === 'constant') return { value: this.#constant(column, name), ...learned }
    if (learned.count === 0)
      throw new RangeError(`Column ${show(name)} has no values to learn the ${strategy} from`)
    const value =
      column.type === 'category' ? this.#ofTexts(column, name) : this.#ofNumbers(column, before)
    return { value, ...learned }
  }

  #constant({ type }: Column, name: string): string | number {
    const { fillValue = type === 'category' ? 'missing_value' : 0 } = this.options
    if ((type === 'category') !== (typeof fillValue === 'string'))
      throw new TypeError(
        `Column ${show(name)} holds ${whatHolds(type)}, \`fillValue\` is ${show(fillValue)}`,
      )
    return fillValue
  }

  #ofTexts({ codes, categories }: CategoryColumn, name: string): string {
    const { strategy } = this.options
    if (strategy !== 'mostFrequent')
      throw new TypeError(`Column ${show(name)} holds texts, which have no ${strategy}`)
    const counts = new Map<string, number>()
    for (const code of codes) {
      const text = categories[code]
      if (text !== undefined) counts.set(text, (counts.get(text) ?? 0) + 1)
    }
    return mostFrequent(counts) ?? ''
  }

  #ofNumbers({ values }: NumberColumn | DateColumn, before: Learned<Fields> | undefined): number {
    const { strategy } = this.options
    if (strategy === 'median') return quantiles(values, [0.5])?.[0] ?? 0
    if (strategy === 'mean') {
      const past = { count: before?.count ?? 0, mean: Number(before?.value ?? 0), variance: 0 }
      return mergeMoments(past, momentsOf(values)).mean
    }
    const counts = new Map<number, number>()
    for (const value of values)
      if (!Number.isNaN(value)) counts.set(value, (counts.get(value) ?? 0) + 1)
    return mostFrequent(counts) ?? 0
  }

  protected outputs(name: string, learned: Learned<Fields>): readonly string[] {
    return this.#hasIndicator(learned) ? [name, `missingindicator_${name}`] : [name]
  }

  /** Indicators come behind all columns. */
  protected override arrange<T>(outputs: readonly (readonly T[])[]): readonly T[] {
    const behind = outputs.flatMap((each) => each.slice(1))
    return [...outputs.flatMap((each) => each.slice(0, 1)), ...behind]
  }

  protected apply(column: Column, learned: Learned<Fields>): readonly Column[] {
    const filled = fill(column, learned.value)
    return this.#hasIndicator(learned)
      ? [filled, { type: 'number', values: missingOf(column) }]
      : [filled]
  }

  #hasIndicator({ hasMissing }: Learned<Fields>): boolean {
    return this.options.addIndicator && hasMissing
  }
}

/** 1 where a value is missing, else 0. */
function missingOf(column: Column): Uint8Array {
  const isMissing = new Uint8Array(lengthOf(column))
  for (let row = 0; row < isMissing.length; row++)
    isMissing[row] = Number(
      column.type === 'category' ? (column.codes[row] ?? -1) < 0 : Number.isNaN(column.values[row]),
    )
  return isMissing
}

/** Values that are there. */
function countOf(column: Column): number {
  return missingOf(column).reduce((count, isMissing) => count - isMissing, lengthOf(column))
}

/** The column with the value where there is none. */
function fill(column: Column, value: string | number): Column {
  if (column.type !== 'category') {
    const { values } = column
    if (!values.includes(NaN)) return column
    const fallback = Number(value)
    const filled = values.slice()
    for (let row = 0; row < filled.length; row++)
      if (Number.isNaN(filled[row])) filled[row] = fallback
    return { ...column, values: filled } as Column // of the array's own type
  }
  const { codes } = column
  if (!codes.includes(-1)) return column
  const text = String(value)
  const place = column.categories.indexOf(text)
  const categories = place < 0 ? [...column.categories, text] : column.categories
  const code = place < 0 ? column.categories.length : place
  return { ...column, codes: codes.map((each) => (each < 0 ? code : each)), categories }
}

/** The value of the largest count; of several the least. */
function mostFrequent<T extends string | number>(counts: ReadonlyMap<T, number>): T | undefined {
  let most: T | undefined
  for (const [value, count] of counts) {
    const largest = most === undefined ? 0 : (counts.get(most) ?? 0)
    if (count > largest || (count === largest && most !== undefined && value < most)) most = value
  }
  return most
}
