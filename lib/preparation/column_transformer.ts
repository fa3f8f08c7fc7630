import { parseDate } from '../data/column_types.js'
import type { Cell, Column, ColumnLike } from '../data/column.js'
import { findRepeated, whatHolds } from '../data/column.js'
import { Table } from '../data/table.js'
import { columnsOf } from '../data/transpose.js'
import { GemmnetError, rangeError, show, typeError } from '../errors.js'
import type { FloatArray, Matrix, MatrixLike, TypedArray } from '../matrix.js'
import { isTypedArray, toMatrix } from '../matrix.js'
import type { OptionsOf, OptionTable, SettingsOf } from '../options/index.js'
import { checks, complete, oneOf, preparation, required } from '../options/index.js'
import type { Transformer } from './transformer.js'

/**
 * What transformers take: a Table; rows of numbers, texts and dates; or one column of them (a plain
 * array of values). Columns without names are called x0, x1 and so on.
 */
export type Features =
  Table | MatrixLike | Exclude<ColumnLike, TypedArray> | readonly (readonly Cell[])[]

/** The classes that are made from {@link ColumnTransformer}. */
export type TransformerName = keyof typeof preparation

const columnTypes = ['number', 'category', 'date'] as const
/** What of every column is in a file. */
const common = {
  type: required(oneOf(columnTypes)),
}
/** What was learned from one column. */
export type Learned<S extends OptionTable> = SettingsOf<S> & { readonly type: Column['type'] }

/** What `learn` may want to know beside the column. */
export interface Position<S extends OptionTable> {
  readonly name: string
  /** Among the columns. */
  readonly index: number
  /** How many columns there are. */
  readonly of: number
  /** What was learned from rows before, which are to be counted in. */
  readonly before: Learned<S> | undefined
}

/**
 * A transformer that treats each column for itself. What it learned from one is plain JSON, fields
 * of a table of checks.
 */
export abstract class ColumnTransformer<
  Name extends TransformerName,
  S extends OptionTable,
> implements Transformer {
  /** All options. */
  readonly options: SettingsOf<(typeof preparation)[Name]>
  readonly #name: Name
  readonly #states: S
  #columns: ReadonlyMap<string, Learned<S>> | undefined

  protected constructor(
    name: Name,
    states: S,
    options: OptionsOf<(typeof preparation)[Name]> | undefined,
  ) {
    this.options = Object.freeze(complete(name, preparation[name], options ?? {}))
    this.#name = name
    this.#states = states
  }

  /** What is learned from a column. */
  protected abstract learn(column: Column, position: Position<S>): SettingsOf<S>
  /** The columns that one becomes, as many as it has `outputs`. */
  protected abstract apply(column: Column, learned: Learned<S>, name: string): readonly Column[]

  /** The names of the columns that one becomes. */
  protected abstract outputs(name: string, learned: Learned<S>): readonly string[]

  /** The order of what the columns become. */
  protected arrange<T>(outputs: readonly (readonly T[])[]): readonly T[] {
    return outputs.flat()
  }

  /**
   * Learns from these rows, and forgets what was learned before.
   *
   * @throws TypeError or RangeError, naming the column, for values that it does not take; what was
   * learned before is then kept
   */
  fit(x: Features): this {
    return this.#learn(toTable('x', x), undefined)
  }

  /**
   * Learns from these rows too. The parts of a set give the same, but for rounding, as the whole
   * set given to `fit`; but categories that are new in a part stand behind those that are known,
   * whose codes and order stay.
   *
   * @throws TypeError or RangeError as `fit`, or if it is not learned in parts
   */
  partialFit(x: Features): this {
    const before = this.#columns
    return this.#learn(toTable('x', x, before && [...before.keys()]), before)
  }

  #learn(table: Table, before: ReadonlyMap<string, Learned<S>> | undefined): this {
    if (table.rows === 0) throw new RangeError('`x` has no rows')
    const names = before === undefined ? table.names : [...before.keys()]
    if (names.length !== table.names.length)
      throw new RangeError(
        `\`x\` has ${table.names.length} columns, ${this.#name} learned from ${names.length}`,
      )
    const entries = names.map((name, index) => {
      const past = before?.get(name)
      const column = conform(table.column(name), past?.type, name, this.#name)
      const learned = this.learn(column, { name, index, of: names.length, before: past })
      // A sum or a square of them is no number.
      if (Object.values(learned).some((value) => typeof value === 'number' && !isFinite(value)))
        throw new RangeError(`Column ${show(name)} has numbers too large for ${this.#name}`)
      return { name, type: column.type, ...learned }
    })
    // Through JSON, which knows no -0: what is loaded later gives the same bits.
    return this.#restore(JSON.parse(JSON.stringify(entries)))
  }

  /**
   * The columns that these become by what was learned. Of a Table those columns are taken that were
   * learned from, by name; of anything else all, by their place.
   *
   * @returns a Table for a Table, else a matrix
   * @throws GemmnetError `ERR_NOT_FITTED` before `fit`
   * @throws TypeError or RangeError, naming the column, for values that it does not take
   */
  transform(x: Table): Table
  transform(x: Features): Matrix<FloatArray>
  transform(x: Features): Table | Matrix<FloatArray> {
    const columns = this.columns
    const table = toTable('x', x, [...columns.keys()])
    const made = [...columns].map(([name, learned]) => {
      const column = conform(table.column(name), learned.type, name, this.#name)
      const values = this.apply(column, learned, name)
      return this.outputs(name, learned).map((output, i) => [output, values[i]] as const)
    })
    // As many columns as names, and each name once: `featureNames` has seen to it.
    const result = new Table(new Map(this.arrange(made)) as ReadonlyMap<string, Column>)
    return x instanceof Table ? result : result.toMatrix()
  }

  /** `fit`, then `transform` of the same rows. */
  fitTransform(x: Table): Table
  fitTransform(x: Features): Matrix<FloatArray>
  fitTransform(x: Features): Table | Matrix<FloatArray> {
    return this.fit(x).transform(x)
  }

  /** The names of the columns that `transform` makes, of all or of these columns. */
  featureNames(names: readonly string[] = [...this.columns.keys()]): readonly string[] {
    return this.arrange(
      names.map((name) => {
        const learned = this.columns.get(name)
        if (learned === undefined)
          throw new RangeError(`${this.#name} has not learned from column ${show(name)}`)
        return this.outputs(name, learned)
      }),
    )
  }

  /**
   * What was learned, by column.
   *
   * @throws GemmnetError `ERR_NOT_FITTED` before `fit`
   */
  get columns(): ReadonlyMap<string, Learned<S>> {
    if (this.#columns === undefined) throw notFitted(this.#name)
    return this.#columns
  }

  /** Options and what was learned. */
  toJSON(): object {
    const columns = this.#columns && [...this.#columns].map(([name, rest]) => ({ name, ...rest }))
    return { options: this.options, columns }
  }

  /**
   * A transformer from what `toJSON` gave.
   *
   * @throws TypeError or RangeError if it is not that
   */
  static fromJSON<T extends object>(this: new (options: never) => T, json: unknown): T {
    const { options, columns } = checkRecord(json)
    const made = new this(options as never) // the constructor checks them
    if (columns !== undefined && made instanceof ColumnTransformer) made.#restore(columns)
    return made
  }

  #restore(columns: unknown): this {
    if (!Array.isArray(columns) || columns.length === 0)
      throw typeError('columns', 'an array of at least one column', columns)
    const table = { ...common, ...this.#states }
    const past = this.#columns
    this.#columns = new Map(
      columns.map((entry) => {
        const { name, ...learned } = checkRecord(entry)
        const column = checks.text('name', name)
        // The table's fields and the common one, which the type cannot be told.
        return [column, Object.freeze(complete(column, table, learned)) as unknown as Learned<S>]
      }),
    )
    try {
      checkNames(this.featureNames())
    } catch (error) {
      this.#columns = past
      throw error
    }
    return this
  }

  /** What `transform` made, with its names. */
  protected made(x: Features): Table {
    return toTable('x', x, this.featureNames())
  }
}

/** For what is used before it learned. */
export function notFitted(what: string): GemmnetError {
  return new GemmnetError('ERR_NOT_FITTED', `${what} has learned nothing yet; call \`fit\` first`)
}

/** @throws RangeError if a name stands twice: one column would hide the other */
export function checkNames(names: readonly string[]): void {
  const repeated = findRepeated(names)
  if (repeated !== undefined)
    throw new RangeError(
      `Two columns would be named ${show(repeated)}; rename those they come from`,
    )
}

/** The fields of a JSON object. */
export function checkRecord(value: unknown, name = 'state'): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw typeError(name, 'an object', value)
  return value as Record<string, unknown>
}

/**
 * A column as one of the type that was learned from: one where nothing is there is of any type,
 * texts in ISO 8601 are dates, as readers take them.
 */
export function conform(
  column: Column,
  type: Column['type'] | undefined,
  name: string,
  owner: string,
): Column {
  if (type === undefined || column.type === type) return column
  if (column.type === 'number' && column.values.every(Number.isNaN))
    return type === 'category'
      ? { type, codes: new Int32Array(column.values.length).fill(-1), categories: [] }
      : { type, values: new Float64Array(column.values.length).fill(NaN) }
  if (column.type === 'category' && type === 'date') {
    const times = column.categories.map((text) => {
      const time = parseDate(text)
      if (Number.isNaN(time)) throw rangeError(name, 'dates in ISO 8601', text)
      return time
    })
    return { type, values: Float64Array.from(column.codes, (code) => times[code] ?? NaN) }
  }
  throw new TypeError(
    `Column ${show(name)} holds ${whatHolds(column.type)}, ${owner} learned from ${whatHolds(type)}`,
  )
}

/** The values of a column that has to be of numbers, in floating point. */
export function toFloatColumn(column: Column, name: string, owner: string): FloatArray {
  if (column.type !== 'number')
    throw new TypeError(
      `Column ${show(name)} holds ${whatHolds(column.type)}, ${owner} takes numbers`,
    )
  const { values } = column
  return values instanceof Float32Array || values instanceof Float64Array
    ? values
    : Float64Array.from(values)
}

/**
 * The numbers of a column, as a network takes them.
 *
 * @throws TypeError or RangeError for one of texts or dates, a missing or an infinite value
 */
export function toFiniteColumn(table: Table, name: string): TypedArray {
  const column = table.column(name)
  if (column.type !== 'number') {
    const encoder = column.type === 'date' ? 'DatetimeEncoder' : 'OneHotEncoder'
    throw new TypeError(
      `Column ${show(name)} holds ${whatHolds(column.type)}; a ${encoder} makes numbers of it`,
    )
  }
  const { values } = column
  for (let row = 0; row < values.length; row++)
    if (Number.isNaN(values[row]))
      throw new RangeError(
        `Column ${show(name)} has no value in row ${row}; ` +
          'leave the row out, or fill it in with a SimpleImputer',
      )
  checkNotInfinite(name, values)
  return values
}

/** @throws RangeError, naming the row, for an infinite value; NaN is a missing one */
export function checkNotInfinite(name: string, values: TypedArray): void {
  for (let row = 0; row < values.length; row++)
    if (Math.abs(values[row] ?? 0) === Infinity)
      throw rangeError(`${name}[${row}]`, 'finite', values[row])
}

/**
 * What is accepted where features are, as a Table.
 *
 * @param names - of the columns that there have to be, for all that has no names
 */
export function toTable(name: string, x: unknown, names?: readonly string[]): Table {
  if (x instanceof Table) return x
  const columns = toColumns(name, x, names?.length)
  if (names !== undefined && names.length !== columns.length)
    throw new RangeError(`\`${name}\` has ${columns.length} columns, expected ${names.length}`)
  return new Table(
    new Map(columns.map((column, j) => [names?.[j] ?? `x${j}`, column as ColumnLike])),
  )
}

function toColumns(name: string, x: unknown, expected: number | undefined): readonly unknown[] {
  if (typeof x === 'object' && x !== null && 'type' in x) return [x]
  if (Array.isArray(x)) {
    const rows: readonly unknown[] = x
    if (!rows.some(isRow)) return [rows]
    if (rows.some((row) => Array.isArray(row) && row.some((cell) => typeof cell !== 'number')))
      return fromCells(name, rows)
  }
  return columnsOf(toMatrix(name, x, expected ?? (isTypedArray(x) ? 1 : undefined), 'it'))
}

const isRow = (value: unknown): boolean => Array.isArray(value) || isTypedArray(value)

function fromCells(name: string, rows: readonly unknown[]): readonly unknown[] {
  const [first] = rows
  const width = Array.isArray(first) ? first.length : NaN
  rows.forEach((row, i) => {
    if (!Array.isArray(row) || row.length !== width)
      throw typeError(`${name}[${i}]`, `a row of ${width} values`, row)
  })
  return Array.from({ length: width }, (_, j) => rows.map((row) => (row as unknown[])[j]))
}
