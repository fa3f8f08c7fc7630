import { isDeepStrictEqual } from 'node:util'
import { classCodes, groupCodes, timeCodes } from '../codes.js'
import type { Fold } from '../dataset.js'
import { rangeError, show, typeError, unknownName } from '../errors.js'
import type { Matrix, TypedArray } from '../matrix.js'
import { arrayLike, toNumbers } from '../matrix.js'
import type {
  TableFoldOptions,
  TableSplitOptions,
  TableTimeSeriesOptions,
} from '../options/index.js'
import {
  checks,
  complete,
  tableFoldOptions,
  tableSplitOptions,
  tableTimeSeriesOptions,
} from '../options/index.js'
import type { Dealing, FoldRows } from '../split.js'
import { foldRows, splitRows, timeSeriesRows } from '../split.js'
import type { Cell, Column, ColumnLike } from './column.js'
import {
  accept,
  cellOf,
  checkNamedOnce,
  concatenateColumns,
  fitsFloat32,
  lengthOf,
  toColumn,
  whatHolds,
} from './column.js'
import { toRows } from './transpose.js'

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
   * @throws RangeError, with the nearest name, for a column that is not there, or one that is named
   * twice
   */
  select(names: readonly string[]): Table {
    checkNamedOnce(names)
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
      const taken = arrayLike(values, positions.length)
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
    checks.place('begin', begin)
    checks.place('end', end)
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

function checkObject(name: string, value: unknown): object {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw typeError(name, 'an object', value)
  return value
}
