import { types } from 'node:util'
import { atRow, rangeError, show, typeError } from '../errors.js'
import type { TypedArray } from '../matrix.js'
import { isTypedArray, joinArrays } from '../matrix.js'

// The columns of a Table, and their making from what users have.

/** Numbers, in the type they came in; NaN where there is none. */
export interface NumberColumn {
  readonly type: 'number'
  readonly values: TypedArray
}

/** One of a few texts a row. */
export interface CategoryColumn {
  readonly type: 'category'
  /** For each row its place in `categories`; -1 where there is none. */
  readonly codes: Int32Array
  /** Each text once. */
  readonly categories: readonly string[]
}

/** Points in time. */
export interface DateColumn {
  readonly type: 'date'
  /** Milliseconds since 1970, UTC; NaN where there is none. */
  readonly values: Float64Array
}

/** The values of one column of a Table. */
export type Column = NumberColumn | CategoryColumn | DateColumn

/** One value of a Table; null where there is none. */
export type Cell = number | string | Date | null

/**
 * What a column of a Table is made from: a {@link Column}, a typed array, or an array of
 * numbers, of booleans (which become 1 and 0), of texts or of dates, with null or undefined where
 * there is none.
 */
export type ColumnLike =
  | Column
  | TypedArray
  | readonly (number | boolean | null | undefined)[]
  | readonly (string | null | undefined)[]
  | readonly (Date | null | undefined)[]

/** Columns that were checked: what tables hand out and are made of need not be again. */
const accepted = new WeakSet()

/** Takes a column for checked, and freezes it. */
export function accept<C extends Column>(column: C): C {
  accepted.add(Object.freeze(column))
  return column
}

/** Rows of a column. */
export function lengthOf(column: Column): number {
  return column.type === 'category' ? column.codes.length : column.values.length
}

/** One value of a column; null where there is none. */
export function cellOf(column: Column, row: number): Cell {
  if (column.type === 'category') return column.categories[column.codes[row] ?? -1] ?? null
  const value = column.values[row] ?? NaN
  if (Number.isNaN(value)) return null
  return column.type === 'date' ? new Date(value) : value
}

/** What a column of a type holds, for messages. */
export function whatHolds(type: Column['type']): string {
  return { number: 'numbers', category: 'texts', date: 'dates' }[type]
}

/** The first name that stands there for the second time. */
export function findRepeated(names: Iterable<string>): string | undefined {
  const met = new Set<string>()
  for (const name of names) {
    if (met.has(name)) return name
    met.add(name)
  }
  return undefined
}

/** @throws RangeError for a column that is named twice */
export function checkNamedOnce(names: Iterable<string>): void {
  const repeated = findRepeated(names)
  if (repeated !== undefined) throw new RangeError(`Column ${show(repeated)} is named twice`)
}

/** Whether float32 holds all numbers of such an array exactly. */
export function fitsFloat32(values: TypedArray): boolean {
  return types.isFloat32Array(values) || values.BYTES_PER_ELEMENT <= 2
}

/** @throws TypeError or RangeError, naming the row, for what no column can be made from */
export function toColumn(name: string, given: unknown): Column {
  if (isTypedArray(given)) return accept({ type: 'number', values: given })
  if (Array.isArray(given)) return accept(fromCells(name, given))
  if (typeof given === 'object' && given !== null && 'type' in given)
    return accepted.has(given) ? (given as Column) : accept(checkColumn(name, given)) // it was one
  throw typeError(name, 'a column: an array, or { type, ... }', given)
}

function checkColumn(name: string, given: object): Column {
  const { type, values, codes, categories } = given as Record<string, unknown>
  if (type === 'number' && isTypedArray(values)) return { type, values }
  if (type === 'date' && types.isFloat64Array(values)) return { type, values }
  if (type === 'category' && types.isInt32Array(codes) && Array.isArray(categories)) {
    const texts: readonly unknown[] = categories
    if (!texts.every((text): text is string => typeof text === 'string'))
      throw typeError(`${name}.categories`, 'an array of texts', categories)
    if (new Set(texts).size < texts.length)
      throw new RangeError(`Expected \`${name}.categories\` to have each text once`)
    const bad = codes.findIndex((code) => code < -1 || code >= texts.length)
    if (bad >= 0)
      throw rangeError(`${name}.codes[${bad}]`, `from -1 to ${texts.length - 1}`, codes[bad])
    return { type, codes, categories: Object.isFrozen(texts) ? texts : Object.freeze([...texts]) }
  }
  throw typeError(name, "a column of type 'number', 'category' or 'date' with its values", given)
}

/** The first value that is there says which type the column has. */
function fromCells(name: string, cells: readonly unknown[]): Column {
  const first = cells.find((cell) => cell !== null && cell !== undefined)
  const refuse = (cell: unknown, row: number, what: string) => {
    const wanted =
      cell === first
        ? 'a number, true or false, a text or a date'
        : `${what}, as the column's first value is`
    return atRow(typeError(`${name}[${row}]`, wanted, cell), row)
  }
  if (typeof first === 'string')
    return toCategoryColumn(cells.length, (row) => {
      const cell = cells[row] ?? null
      if (cell === null || typeof cell === 'string') return cell
      throw refuse(cell, row, 'a text')
    })
  const isDate = types.isDate(first)
  const values = Float64Array.from(cells, (cell, row) => {
    if (cell === null || cell === undefined) return NaN
    if (isDate) {
      if (!types.isDate(cell)) throw refuse(cell, row, 'a date')
      return cell.getTime()
    }
    if (typeof cell === 'boolean') return Number(cell)
    if (typeof cell === 'number') return cell
    throw refuse(cell, row, 'a number')
  })
  return { type: isDate ? 'date' : 'number', values }
}

/** A column of texts, each of them once; null where there is none. */
export function toCategoryColumn(
  length: number,
  textAt: (row: number) => string | null,
): CategoryColumn {
  const places = new Map<string, number>()
  const codes = new Int32Array(length)
  for (let row = 0; row < length; row++) {
    const text = textAt(row)
    if (text === null) {
      codes[row] = -1
      continue
    }
    const place = places.get(text) ?? places.size
    if (place === places.size) places.set(text, place)
    codes[row] = place
  }
  return { type: 'category', codes, categories: [...places.keys()] }
}

/**
 * The values of one column after the other's, the categories of all in the order they first come
 * in; an empty column of numbers if there are no columns.
 *
 * @throws TypeError, with the column's name, if they are of several types
 */
export function concatenateColumns(name: string, columns: readonly Column[]): Column {
  const [first] = columns
  if (first === undefined) return { type: 'number', values: new Float64Array(0) }
  if (columns.length === 1) return first
  const other = columns.find(({ type }) => type !== first.type)
  if (other !== undefined)
    throw new TypeError(
      `Column ${show(name)} holds ${whatHolds(first.type)} and ${whatHolds(other.type)}`,
    )
  if (first.type === 'category') {
    const parts = columns as readonly CategoryColumn[] // no other type, see above
    const { categories } = first
    if (parts.every((part) => part.categories === categories))
      return { ...first, codes: joinArrays(parts.map(({ codes }) => codes)) }
    const places = new Map<string, number>()
    for (const { categories } of parts)
      for (const text of categories) if (!places.has(text)) places.set(text, places.size)
    const codes = parts.map((part) => {
      const mapped = part.categories.map((text) => places.get(text) ?? -1)
      return part.codes.map((code) => mapped[code] ?? -1)
    })
    return { type: 'category', codes: joinArrays(codes), categories: [...places.keys()] }
  }
  const parts = (columns as readonly (NumberColumn | DateColumn)[]).map(({ values }) => values)
  return { type: first.type, values: joinArrays(parts) } as Column // dates are all Float64Array
}
