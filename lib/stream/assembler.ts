import { types } from 'node:util'
import { Table } from '../data/table.js'
import { isTableLike, tableOf } from '../data/table_like.js'
import type { DatasetOptions } from '../dataset.js'
import { Dataset } from '../dataset.js'
import { atRow, show, typeError } from '../errors.js'
import type { CallSite } from '../job.js'
import { isTypedArray } from '../matrix.js'
import type { Preparation } from './preparation.js'
import { prepare } from './preparation.js'
import type { LabelledRows } from './source.js'

/** How the blocks of a stream become rows of Datasets. */
export interface AssemblerSettings {
  readonly preparation: Preparation | undefined
  readonly features: readonly string[] | undefined
  readonly target: string | readonly string[] | undefined
  /** Outputs of the network that is to be trained. */
  readonly outputs: number
  /** Throws if the rows do not fit that network and its loss. */
  readonly check: (rows: Dataset) => void
  /** Single rows that are gathered into a block. */
  readonly gathered: number
  /** Where the user called `fitStream`. */
  readonly callSite: CallSite
}

/** Rows that are ready, and what number the first of them has in its pass. */
export interface ReadyRows {
  readonly data: Dataset
  readonly first: number
}

/** Makes Datasets of whatever a source gives, and counts its rows. */
export class Assembler {
  readonly #settings: AssemblerSettings
  #learns: boolean
  #featureNames: readonly string[] | undefined
  #form: string | undefined
  /** Names of what the preparation makes. */
  #made: readonly string[] | undefined
  #singles: object[] = []
  #rows = 0

  constructor(settings: AssemblerSettings) {
    const { preparation } = settings
    this.#settings = settings
    this.#featureNames = settings.features
    this.#learns = preparation?.partialFit !== undefined && preparation.isFitted !== true
  }

  /** Rows that the pass has given, but for those that are being gathered. */
  get rows(): number {
    return this.#rows
  }

  /** Counts anew. */
  beginPass(): void {
    this.#rows = 0
  }

  /** What has been learned is kept as it is from now on. */
  endLearning(): void {
    this.#learns = false
  }

  /** What a source gave, as far as it makes blocks. */
  take(value: unknown): ReadyRows[] {
    if (!isSingleRow(value)) return [...this.flush(), ...this.#assemble(value)]
    this.#singles.push(value)
    return this.#singles.length < this.#settings.gathered ? [] : this.flush()
  }

  /** The single rows that were gathered. */
  flush(): ReadyRows[] {
    if (this.#singles.length === 0) return []
    const rows = this.#singles
    this.#singles = []
    return this.#assemble(rows)
  }

  #assemble(value: unknown): ReadyRows[] {
    if (Array.isArray(value) && value.length === 0) return []
    const first = this.#rows
    return this.#located(first, () => {
      const table = Array.isArray(value) ? Table.fromRows(value) : tableOf(value)
      if (table?.rows === 0) return []
      const data = table === undefined ? readRows(value) : this.#prepare(table)
      this.#check(data)
      this.#rows += table?.rows ?? data.rows
      return [{ data, first }]
    })
  }

  /** Names the row of the stream, or the block by its first one, in errors about its values. */
  #located<T>(first: number, make: () => T): T {
    try {
      return make()
    } catch (cause) {
      if (!(cause instanceof RangeError || cause instanceof TypeError)) throw cause
      const row: unknown = Reflect.get(cause, 'row')
      const isNamed = typeof row === 'number'
      const where = isNamed ? `Row ${first + row}` : `In the block that begins at row ${first}`
      const message = `${where} of the stream: ${cause.message}`
      const error =
        cause instanceof TypeError
          ? new TypeError(message, { cause })
          : new RangeError(message, { cause })
      this.#settings.callSite.claim(error)
      throw isNamed ? atRow(error, first + row) : error
    }
  }

  #prepare(table: Table): Dataset {
    const { preparation, target } = this.#settings
    if (preparation !== undefined) {
      if (!this.#learns) return prepare(preparation, table)
      preparation.partialFit?.(table)
      const rows = prepare(preparation, table)
      this.#checkMade(rows.featureNames)
      return rows
    }
    if (target === undefined)
      throw new TypeError(
        'Tables and rows of named values need a `preparation`, or the name of their `target`',
      )
    const targets = typeof target === 'string' ? [target] : target
    this.#featureNames ??= table.names.filter((name) => !targets.includes(name))
    const featureNames = this.#featureNames
    return new Dataset(table.toMatrix(featureNames), this.#readTargets(table, targets), {
      featureNames,
    })
  }

  /** Checks that what a preparation learns does not change which columns it makes. */
  #checkMade(names: readonly string[] | undefined): void {
    const before = (this.#made ??= names)
    const place = names?.findIndex((name, j) => name !== before?.[j]) ?? -1
    if (place < 0) return
    throw new RangeError(
      `The preparation makes a column ${show(names?.[place])} that it did not make of the rows before; ` +
        'call its `fit` with rows that have all there is, before the stream',
    )
  }

  #readTargets(table: Table, names: readonly string[]) {
    const [name] = names
    if (name === undefined || names.length > 1 || this.#settings.outputs === 1)
      return table.toMatrix(names)
    const column = table.column(name)
    if (column.type !== 'number')
      throw new TypeError(`Column ${show(name)} holds no numbers: a \`preparation\` makes them`)
    return Int32Array.from(column.values, (value, row) => {
      if (Number.isSafeInteger(value)) return value
      throw atRow(new RangeError(`Column ${show(name)} has no class index, but ${value}`), row)
    })
  }

  #check(data: Dataset): void {
    const { check, outputs } = this.#settings
    try {
      check(data)
    } catch (error) {
      // Which row is it?
      const classes = outputs === 1 ? 2 : outputs
      const { y } = data
      const row = y instanceof Int32Array ? y.findIndex((label) => label >= classes) : -1
      throw row >= 0 && error instanceof Error ? atRow(error, row) : error
    }
    const targets = data.classes > 0 ? 'class labels' : `${data.outputs} target columns`
    const form = `${targets}, ${data.sampleWeights === undefined ? 'without' : 'with'} sample weights`
    this.#form ??= form
    if (form !== this.#form)
      throw new RangeError(`The rows before have ${this.#form}; these have ${form}`)
  }
}

/** Whether a value is one row, by column, and no block. */
function isSingleRow(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  if (Array.isArray(value) || value instanceof Dataset || isLabelledRows(value)) return false
  return !isTableLike(value) && !isTypedArray(value)
}

function isLabelledRows(value: object): value is LabelledRows {
  const x: unknown = Reflect.get(value, 'x')
  return typeof x === 'object' && x !== null && !types.isDate(x)
}

function readRows(value: unknown): Dataset {
  if (value instanceof Dataset) return value
  if (typeof value !== 'object' || value === null || !isLabelledRows(value))
    throw typeError(
      'block',
      'a Dataset, a Table, { x, y }, an array of objects or an object',
      value,
    )
  const { x, y, ...options } = value
  return new Dataset(x, y, options satisfies DatasetOptions)
}
