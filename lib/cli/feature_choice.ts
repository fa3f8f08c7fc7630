import type { Column } from '../data/column.js'
import { columnTypes } from '../data/column_types.js'
import type { Table } from '../data/table.js'
import { show } from '../errors.js'
import { fileColumns, rowNumbers } from './parts.js'

/** A column that no feature is made of, and why. */
export interface LeftOut {
  readonly column: string
  readonly reason: string
}

/** What else the user wants of columns. */
interface Uses {
  readonly target: string
  readonly ignore: readonly string[]
  readonly groups?: string | undefined
  readonly time?: string | undefined
}

/** Share of different texts from which on a column is one of names or of prose, not of categories. */
const mostTexts = 1 / 2
/** As many texts are categories in any case. */
const fewTexts = 32

/**
 * Which columns of the training set features are made of: all but those that tell nothing, and those
 * that have another use.
 */
export function chooseFeatures(
  train: Table,
  { target, ignore, groups, time }: Uses,
): { readonly features: readonly string[]; readonly leftOut: readonly LeftOut[] } {
  const reasonFor = (name: string) => {
    if (ignore.includes(name)) return 'as told'
    if (name === groups) return 'groups the rows'
    if (name === time) return 'orders the rows'
    return whyUseless(name, train.column(name), rowNumbers(train))
  }
  const features: string[] = []
  const leftOut: LeftOut[] = []
  for (const column of fileColumns(train)) {
    if (column === target) continue
    const reason = reasonFor(column)
    if (reason === undefined) features.push(column)
    else leftOut.push({ column, reason })
  }
  return { features, leftOut }
}

function whyUseless(name: string, column: Column, places: ArrayLike<number>): string | undefined {
  const values = column.type === 'category' ? column.codes : column.values
  const different = new Set<number>(values)
  const missing = column.type === 'category' ? -1 : NaN
  if (different.size === 1) return different.has(missing) ? 'is empty' : 'has one value only'
  if (hasDecimalCommas(column)) return decimalCommas
  if (column.type === 'category' && different.size > Math.max(fewTexts, mostTexts * places.length))
    return `has another text in nearly every row${strayText(column)}`
  if (column.type === 'number' && countsRows(column.values, different))
    if (namesNumbers.some((pattern) => pattern.test(name)) || isInOrder(column.values, places))
      return 'numbers the rows'
  return undefined
}

/** What is wrong with a column that {@link hasDecimalCommas}. */
export const decimalCommas = 'has numbers with decimal commas, which are read as texts'

/** Whether the texts of a column are numbers as they are written in much of Europe. */
export function hasDecimalCommas(column: Column): boolean {
  if (column.type !== 'category') return false
  const { categories } = column
  return categories.some(isDecimal) && categories.every((text) => isDecimal(text) || isWhole(text))
}

const isDecimal = (text: string) => /^[-+]?\d+,\d+$/.test(text)
const isWhole = (text: string) => /^[-+]?\d+$/.test(text)

/** What is added of a column of texts that would be one of numbers but for a few: one of these. */
export function strayText(column: Column): string {
  if (column.type !== 'category') return ''
  const { parse } = columnTypes.number
  const strays = column.categories.filter((text) => Number.isNaN(parse(text)))
  const [first] = strays
  return first === undefined || strays.length > mostStrays * column.categories.length
    ? ''
    : `; it would have numbers but for ${show(first)}`
}

const mostStrays = 1 / 10

/** What columns are called that number rows: `id`, `customerId`, `PassengerId`, `row_number`. */
const namesNumbers = [/(^|[^a-z])(id|index|no|nr|number|row)$/i, /[a-z](Id|ID)$/]

/** Whether values rise, or fall, from each row of the file to the next. */
function isInOrder(values: ArrayLike<number>, places: ArrayLike<number>): boolean {
  const sorted = Array.from(places, (place, row) => [place, values[row] ?? NaN] as const)
    .sort(([a], [b]) => a - b)
    .map(([, value]) => value)
  const steps = sorted.slice(1).map((value, i) => Math.sign(value - (sorted[i] ?? NaN)))
  return steps.every((step) => step === steps[0])
}

/** Whether these may be the numbers of rows in a file: whole, each once, and nearly without a gap. */
function countsRows(values: ArrayLike<number>, different: ReadonlySet<number>): boolean {
  if (different.size < values.length || values.length < 20) return false
  let least = Infinity
  let largest = -Infinity
  for (const value of different) {
    if (!Number.isInteger(value)) return false
    least = Math.min(least, value)
    largest = Math.max(largest, value)
  }
  return largest - least < 2 * values.length
}
