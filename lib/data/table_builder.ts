import { show } from '../errors.js'
import type { DType, FloatArray } from '../matrix.js'
import type { ColumnType } from './column_types.js'
import { columnTypes } from './column_types.js'
import type { Column } from './column.js'
import { accept } from './column.js'
import { Table } from './table.js'

/** How texts become the values of columns. */
export interface TextSettings {
  readonly missing: readonly string[]
  readonly dtype: DType
  readonly maximumCategories: number
}

/** A column that grows by texts, numbers and booleans. */
export interface ColumnBuilder {
  /** The values, where they are numbers that a reader may write itself. */
  readonly numbers: Float32Array | Float64Array | undefined
  /** What is wrong with the text, if it does not go with the column's type. */
  setText(row: number, text: string): string | undefined
  /** What is wrong with the value, if it does not go with the column's type. */
  setValue(row: number, value: number | boolean): string | undefined
  setMissing(row: number): void
  resize(capacity: number): void
  /** The first rows; new memory is used from then on. */
  take(rows: number): Column
}

const firstCapacity = 1024
const mostBlockCells = 2 ** 18
const mostBlockRows = 2 ** 14

/** Rows that a table of a stream has at most, unless the user says it. */
export function defaultBlockRows(columns: number): number {
  return Math.max(1, Math.min(mostBlockRows, Math.floor(mostBlockCells / columns)))
}

/** Makes tables row by row; the categories of a column keep their codes from table to table. */
export class TableBuilder {
  /** Of the columns, in the table's order. */
  readonly columns: ReadonlyMap<string, ColumnBuilder>
  readonly #blockRows: number
  #rows = 0
  #capacity: number

  /** @param blockRows - after how many rows the table is full */
  constructor(
    types: ReadonlyMap<string, ColumnType>,
    settings: TextSettings,
    blockRows = Infinity,
  ) {
    this.#blockRows = blockRows
    this.#capacity = Math.min(firstCapacity, blockRows)
    this.columns = new Map(
      [...types].map(([name, type]) => [name, makeBuilder(type, settings, this.#capacity)]),
    )
  }

  get rows(): number {
    return this.#rows
  }
  get isFull(): boolean {
    return this.#rows >= this.#blockRows
  }

  /** The row to be set next, with room in every column. */
  get nextRow(): number {
    if (this.#rows === this.#capacity) {
      this.#capacity = Math.min(2 * this.#capacity, this.#blockRows)
      for (const column of this.columns.values()) column.resize(this.#capacity)
    }
    return this.#rows
  }
  /** Counts the row that was set. */
  endRow(): void {
    this.#rows++
  }

  /** The rows since the last table. */
  take(): Table {
    const rows = this.#rows
    this.#rows = 0
    return new Table(new Map([...this.columns].map(([name, column]) => [name, column.take(rows)])))
  }
}

function makeBuilder(type: ColumnType, settings: TextSettings, capacity: number): ColumnBuilder {
  return type === 'category'
    ? new CategoryBuilder(settings, capacity)
    : new NumericBuilder(type, settings, capacity)
}

class NumericBuilder implements ColumnBuilder {
  readonly #type: Exclude<ColumnType, 'category'>
  readonly #dtype: DType
  readonly #missing: ReadonlySet<string>
  readonly #parse: (text: string) => number
  /** Whether some text for a missing value is one of the type's, too. */
  readonly #missingFirst: boolean
  #values: FloatArray

  constructor(
    type: Exclude<ColumnType, 'category'>,
    { missing, dtype }: TextSettings,
    capacity: number,
  ) {
    this.#type = type
    this.#dtype = type === 'date' ? 'float64' : dtype
    this.#missing = new Set(missing)
    this.#parse = columnTypes[type].parse
    this.#missingFirst = missing.some((text) => !Number.isNaN(this.#parse(text)))
    this.#values = this.#allocate(capacity)
  }

  get numbers() {
    return this.#type === 'number' && !this.#missingFirst ? this.#values : undefined
  }

  setText(row: number, text: string): string | undefined {
    const value = this.#missingFirst && this.#missing.has(text) ? NaN : this.#parse(text)
    this.#values[row] = value
    return Number.isNaN(value) && !this.#missing.has(text) ? this.#refuse(text) : undefined
  }

  setValue(row: number, value: number | boolean): string | undefined {
    if (this.#type === 'date' || (this.#type === 'boolean' && typeof value !== 'boolean'))
      return this.#refuse(value)
    this.#values[row] = Number(value)
    return undefined
  }

  setMissing(row: number): void {
    this.#values[row] = NaN
  }

  resize(capacity: number): void {
    const values = this.#allocate(capacity)
    values.set(this.#values)
    this.#values = values
  }

  take(rows: number): Column {
    const values = this.#values.length === rows ? this.#values : this.#values.slice(0, rows)
    if (values === this.#values) this.#values = this.#allocate(rows)
    // Those of dates are float64.
    return accept({ type: this.#type === 'date' ? 'date' : 'number', values } as Column)
  }

  #allocate(capacity: number): FloatArray {
    return this.#dtype === 'float64' ? new Float64Array(capacity) : new Float32Array(capacity)
  }

  #refuse(value: string | number | boolean): string {
    return `${show(value)} is not ${columnTypes[this.#type].what}`
  }
}

class CategoryBuilder implements ColumnBuilder {
  readonly numbers = undefined
  readonly #places = new Map<string, number>()
  readonly #maximum: number
  #codes: Int32Array
  /** Those of the last table: shared with the next one if none has come since. */
  #categories: readonly string[] = []

  /** How many of the places are texts for missing values. */
  readonly #missing: number

  constructor({ missing, maximumCategories }: TextSettings, capacity: number) {
    this.#maximum = maximumCategories
    this.#codes = new Int32Array(capacity)
    for (const text of missing) this.#places.set(text, -1)
    this.#missing = this.#places.size
  }

  setText(row: number, text: string): string | undefined {
    const place = this.#places.get(text)
    if (place !== undefined) {
      this.#codes[row] = place
      return undefined
    }
    const next = this.#places.size - this.#missing
    if (next >= this.#maximum)
      return `more than ${this.#maximum} different texts; leave the column out with \`select\`, or set \`maximumCategories\``
    // As a new string: a part of another one would keep all of that in memory.
    this.#places.set(JSON.parse(JSON.stringify(text)) as string, next)
    this.#codes[row] = next
    return undefined
  }

  setValue(row: number, value: number | boolean): string | undefined {
    return this.setText(row, String(value))
  }

  setMissing(row: number): void {
    this.#codes[row] = -1
  }

  resize(capacity: number): void {
    const codes = new Int32Array(capacity)
    codes.set(this.#codes)
    this.#codes = codes
  }

  take(rows: number): Column {
    const codes = this.#codes.slice(0, rows)
    if (this.#categories.length !== this.#places.size - this.#missing)
      this.#categories = Object.freeze([...this.#places.keys()].slice(this.#missing))
    return accept({ type: 'category', codes, categories: this.#categories })
  }
}
