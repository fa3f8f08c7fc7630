// Over 400 lines: the class, and the making of columns from what users have.

import { isDeepStrictEqual, types } from 'node:util'
import { classCodes, groupCodes, timeCodes } from '../codes.js'
import type { Fold } from '../dataset.js'
import { atRow, rangeError, show, typeError, unknownName } from '../errors.js'
import type { Matrix, TypedArray } from '../matrix.js'
import { isTypedArray, toNumbers } from '../matrix.js'
import type {
  TableFoldOptions,
  TableSplitOptions,
  TableTimeSeriesOptions,
} from '../options/index.js'
import {
  complete,
  number,
  tableFoldOptions,
  tableSplitOptions,
  tableTimeSeriesOptions,
} from '../options/index.js'
import type { Dealing, FoldRows } from '../split.js'
import { foldRows, splitRows, timeSeriesRows } from '../split.js'
import { toRows } from './transpose.js'

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

/** The values of one column of a {@link Table}. */
export type Column = NumberColumn | CategoryColumn | DateColumn

/** One value of a {@link Table}; null where there is none. */
export type Cell = number | string | Date | null

/**
 * What a column of a {@link Table} is made from: a {@link Column}, a typed array, or an array of
 * numbers, of booleans (which become 1 and 0), of texts or of dates, with null or undefined where
 * there is none.
 */
export type ColumnLike =
  | Column
  | TypedArray
  | readonly (number | boolean | null | undefined)[]
  | readonly (string | null | undefined)[]
  | readonly (Date | null | undefined)[]

/**
 * Immutable rows of columns of mixed types, each under its name: what readers give, and what is
 * prepared for a network. Typed arrays are taken as they are, not copied.
 *
 * @example
 * const table = new Table({ age: [39, 50], work: ['State', null] })
 * table.rows // 2
 */
export class Table {
  readonly rows: number
  /** Of the columns, in their order. */
  readonly names: readonly string[]
  readonly #columns: ReadonlyMap<string, Column>

  /**
   * @throws TypeError or RangeError, naming column and row, for columns of unequal length, a value
   * that does not go with the column's others, no column at all
   */
  constructor(columns: Readonly<Record<string, ColumnLike>> | ReadonlyMap<string, ColumnLike>) {
    const entries: [string, unknown][] =
      columns instanceof Map
        ? [...(columns as ReadonlyMap<string, ColumnLike>)]
        : Object.entries(checkObject('columns', columns))
    const [first] = entries
    if (first === undefined) throw new RangeError('A Table needs at least one column')
    this.#columns = new Map(entries.map(([name, values]) => [name, toColumn(name, values)]))
    this.names = Object.freeze(entries.map(([name]) => name))
    this.rows = lengthOf(this.column(first[0]))
    for (const [name, column] of this.#columns)
      if (lengthOf(column) !== this.rows)
        throw new RangeError(
          `Column ${show(name)} has ${lengthOf(column)} rows, ${show(first[0])} has ${this.rows}`,
        )
    Object.freeze(this)
  }

  /**
   * The values of one column.
   *
   * @throws RangeError, with the nearest name, if there is no such column
   */
  column(name: string): Column {
    const column = this.#columns.get(name)
    if (column === undefined) throw unknownName('column', name, this.#columns.keys())
    return column
  }

  /** Whether there is a column of this name. */
  has(name: string): boolean {
    return this.#columns.has(name)
  }

  /**
   * The columns of these names, in this order. No copy.
   *
   * @throws RangeError, with the nearest name, for a column that is not there
   */
  select(names: readonly string[]): Table {
    return new Table(new Map(names.map((name) => [name, this.column(name)])))
  }

  /**
   * All columns but those of these names. No copy.
   *
   * @throws RangeError, with the nearest name, for a column that is not there
   */
  drop(names: readonly string[]): Table {
    for (const name of names) this.column(name)
    return this.select(this.names.filter((name) => !names.includes(name)))
  }

  /**
   * This table with the columns given, in the place of those of the same names or behind them all.
   *
   * @throws TypeError or RangeError for a column that the constructor would refuse
   */
  with(columns: Readonly<Record<string, ColumnLike>>): Table {
    return new Table(new Map<string, ColumnLike>([...this.#columns, ...Object.entries(columns)]))
  }

  /**
   * The rows at these positions, in this order, copied; a position may come twice.
   *
   * @throws TypeError or RangeError for a position that is no row
   */
  subset(indices: ArrayLike<number>): Table {
    const numbers = toNumbers('indices', indices)
    const positions = Uint32Array.from(numbers)
    positions.forEach((position, i) => {
      if (position !== numbers[i] || position >= this.rows)
        throw rangeError(`indices[${i}]`, `a row from 0 to ${this.rows - 1}`, numbers[i])
    })
    return this.#map((values) => {
      const taken = emptyLike(values, positions.length)
      for (let i = 0; i < positions.length; i++) taken[i] = values[positions[i] ?? 0] ?? NaN
      return taken
    })
  }

  /**
   * The rows from `begin` up to, not including, `end`; negative ones count from the end, as in
   * `Array.prototype.slice`. No copy.
   *
   * @throws TypeError or RangeError if they are no integers
   */
  slice(begin = 0, end = this.rows): Table {
    checkPlace('begin', begin)
    checkPlace('end', end)
    return this.#map((values) => values.subarray(begin, end) as typeof values) // of the same type
  }

  /**
   * Deals the rows to named tables, copies of them, that have no row in common, as
   * {@link Dataset.split} does, with the names of columns for `stratify`, `groups` and `time`. Equal
   * rows are not known as copies of one: `groups` keeps them together.
   *
   * @throws TypeError or RangeError as `Dataset.split`, or for a column that is not there, has
   * missing groups or times, or holds what it cannot be split by
   *
   * @example
   * const { train, test } = table.split({ train: 0.8, test: 0.2 }, { groups: 'patient' })
   */
  split<Name extends string>(
    parts: Readonly<Record<Name, number>>,
    options: TableSplitOptions = {},
  ): Record<Name, Table> {
    complete('split', tableSplitOptions, options)
    const lists = splitRows(dealingOf(this, options), parts)
    const tables = lists.map(([name, rows]): [string, Table] => [name, this.subset(rows)])
    return Object.fromEntries(tables) as Record<Name, Table> // one table per name
  }

  /**
   * Deals the rows to `k` folds, as {@link Dataset.kFold} does, with the names of columns for
   * `stratify` and `groups`. The folds are copies: together they take `k` times the memory.
   *
   * @throws TypeError or RangeError as `split`
   */
  kFold(k: number, options: TableFoldOptions = {}): Fold<Table>[] {
    complete('kFold', tableFoldOptions, options)
    return this.#folds(foldRows(dealingOf(this, options), k))
  }

  /**
   * Folds in order of time, as {@link Dataset.timeSeriesSplit} has them, with the name of a column
   * for `time`. The folds are copies.
   *
   * @throws TypeError or RangeError as `split`
   */
  timeSeriesSplit(k: number, options: TableTimeSeriesOptions = {}): Fold<Table>[] {
    const { time, ...settings } = complete('timeSeriesSplit', tableTimeSeriesOptions, options)
    return this.#folds(timeSeriesRows(dealingOf(this, { time }), k, settings))
  }

  /**
   * One row, by column: numbers, texts, dates, and null where there is none.
   *
   * @param index - from 0
   * @throws RangeError if there is no such row
   */
  row(index: number): Record<string, Cell> {
    if (!Number.isSafeInteger(index) || index < 0 || index >= this.rows)
      throw rangeError('index', `a row from 0 to ${this.rows - 1}`, index)
    return Object.fromEntries(
      [...this.#columns].map(([name, column]) => [name, cellOf(column, index)]),
    )
  }

  /**
   * The numbers of these columns (default: all), row by row.
   *
   * @returns shape `[rows, names.length]`; float32 if all columns hold no more than that, else
   * float64; NaN where there is none
   * @throws TypeError for a column that holds no numbers
   */
  toMatrix(names: readonly string[] = this.names): Matrix<Float32Array | Float64Array> {
    const columns = names.map((name) => {
      const column = this.column(name)
      if (column.type !== 'number')
        throw new TypeError(`Column ${show(name)} holds ${whatHolds(column.type)}, not numbers`)
      return column.values
    })
    return toRows(columns, this.rows, columns.every(fitsFloat32) ? 'float32' : 'float64')
  }

  /**
   * The rows of several tables, one table's after the other's. All must have the same columns; a
   * category column gets the categories of all, in the order they first come in.
   *
   * @throws TypeError or RangeError if the columns do not agree, or there is no table
   */
  static concatenate(tables: readonly Table[]): Table {
    const [first] = tables
    if (first === undefined) throw new RangeError('There is no table to concatenate')
    if (tables.length === 1) return first
    for (const table of tables)
      if (!isDeepStrictEqual(table.names, first.names))
        throw new RangeError(
          `The tables have other columns: ${first.names.join(', ')}; ${table.names.join(', ')}`,
        )
    return new Table(
      new Map(
        first.names.map((name) => [
          name,
          concatenateColumns(
            name,
            tables.map((table) => table.column(name)),
          ),
        ]),
      ),
    )
  }

  /**
   * A table of objects, one a row; a key that a row lacks is a missing value there.
   *
   * @throws TypeError or RangeError as the constructor, or if a row is no object, or there is none
   */
  static fromRows(rows: readonly Readonly<Record<string, unknown>>[]): Table {
    if (!Array.isArray(rows)) throw typeError('rows', 'an array of objects', rows)
    const columns = new Map<string, unknown[]>()
    rows.forEach((row: unknown, i) => {
      for (const [name, value] of Object.entries(checkObject(`rows[${i}]`, row))) {
        const values = columns.get(name) ?? Array.from({ length: rows.length }, () => null)
        values[i] = value
        columns.set(name, values)
      }
    })
    return new Table(columns as ReadonlyMap<string, ColumnLike>) // the constructor checks them
  }

  #folds(folds: readonly FoldRows[]): Fold<Table>[] {
    return folds.map(({ train, validation }) => ({
      train: this.subset(train),
      validation: this.subset(validation),
    }))
  }

  /** This table with other rows: `change` makes those of an array. */
  #map(change: <A extends TypedArray>(values: A) => A): Table {
    const columns = [...this.#columns].map(([name, column]): [string, Column] => [
      name,
      accept(
        column.type === 'category'
          ? { ...column, codes: change(column.codes) }
          : ({ ...column, values: change(column.values) } as Column), // dates stay Float64Array
      ),
    ])
    return new Table(new Map(columns))
  }
}

function dealingOf(
  table: Table,
  { seed, shuffle, stratify, groups, time }: TableSplitOptions,
): Dealing {
  return {
    rows: table.rows,
    seed,
    shuffle,
    classes: stratify === undefined ? undefined : classCodes(table, stratify),
    groups: groups === undefined ? undefined : groupCodes(table, groups),
    time: time === undefined ? undefined : timeCodes(table, time),
  }
}

const checkPlace = number(
  'an integer',
  (value) => Number.isInteger(value) || Math.abs(value) === Infinity,
)

/** Columns that were checked: what tables hand out and are made of need not be again. */
const accepted = new WeakSet()

/** Takes a column for checked, and freezes it. */
export function accept<C extends Column>(column: C): C {
  accepted.add(Object.freeze(column))
  return column
}

function checkObject(name: string, value: unknown): object {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw typeError(name, 'an object', value)
  return value
}

/** Rows of a column. */
export function lengthOf(column: Column): number {
  return column.type === 'category' ? column.codes.length : column.values.length
}

function cellOf(column: Column, row: number): Cell {
  if (column.type === 'category') return column.categories[column.codes[row] ?? -1] ?? null
  const value = column.values[row] ?? NaN
  if (Number.isNaN(value)) return null
  return column.type === 'date' ? new Date(value) : value
}

/** What a column of a type holds, for messages. */
export function whatHolds(type: Column['type']): string {
  return { number: 'numbers', category: 'texts', date: 'dates' }[type]
}

function fitsFloat32(values: TypedArray): boolean {
  return types.isFloat32Array(values) || values.BYTES_PER_ELEMENT <= 2
}

const arrayTypes: readonly (new (length: number) => TypedArray)[] = [
  ...[Float32Array, Float64Array, Int8Array, Uint8Array],
  ...[Int16Array, Uint16Array, Int32Array, Uint32Array],
]

/** Not by `constructor`: a Buffer's makes no Uint8Array. */
function emptyLike<A extends TypedArray>(values: A, length: number): A {
  const make = arrayTypes.find(({ name }) => name === values[Symbol.toStringTag]) ?? Float64Array
  return new make(length) as A // of the same name
}

function toColumn(name: string, given: unknown): Column {
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
  if (typeof first === 'string') {
    const places = new Map<string, number>()
    const codes = Int32Array.from(cells, (cell, row) => {
      if (cell === null || cell === undefined) return -1
      if (typeof cell !== 'string') throw refuse(cell, row, 'a text')
      const place = places.get(cell) ?? places.size
      places.set(cell, place)
      return place
    })
    return { type: 'category', codes, categories: [...places.keys()] }
  }
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

/**
 * The values of at least one column after the other's; see {@link Table.concatenate}.
 *
 * @throws TypeError, with the column's name, if they are of several types
 */
export function concatenateColumns(name: string, columns: readonly Column[]): Column {
  const [first] = columns
  if (first === undefined) throw new Error('No column')
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
      return { ...first, codes: join(parts.map(({ codes }) => codes)) }
    const places = new Map<string, number>()
    for (const { categories } of parts)
      for (const text of categories) if (!places.has(text)) places.set(text, places.size)
    const codes = parts.map((part) => {
      const mapped = part.categories.map((text) => places.get(text) ?? -1)
      return part.codes.map((code) => mapped[code] ?? -1)
    })
    return { type: 'category', codes: join(codes), categories: [...places.keys()] }
  }
  const parts = (columns as readonly (NumberColumn | DateColumn)[]).map(({ values }) => values)
  return { type: first.type, values: join(parts) } as Column // dates are all Float64Array
}

/** One array of all values, of the arrays' own type, or of float64 if they are of several. */
function join<A extends TypedArray>(arrays: readonly A[]): A {
  const length = arrays.reduce((sum, array) => sum + array.length, 0)
  const [first] = arrays
  if (first === undefined) throw new Error('No array')
  const tag = first[Symbol.toStringTag]
  const isOneType = arrays.every((array) => array[Symbol.toStringTag] === tag)
  const all: TypedArray = isOneType ? emptyLike(first, length) : new Float64Array(length)
  let end = 0
  for (const array of arrays) {
    all.set(array, end)
    end += array.length
  }
  return all as A // of one type; mixed columns are all numbers
}
