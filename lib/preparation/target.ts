import { Table } from '../data/table.js'
import { columnsOf, toRows } from '../data/transpose.js'
import { rangeError, typeError } from '../errors.js'
import type { DType, FloatArray, Matrix } from '../matrix.js'
import type { Categories } from '../options/index.js'
import { arrayOf, checks } from '../options/index.js'
import { toFiniteColumn } from './column_transformer.js'
import { LabelEncoder } from './label_encoder.js'
import type { Transformer } from './transformer.js'
import { checkLearnsInParts, isTransformer } from './transformer.js'

/** What a target can go through. */
export type TargetTransformer = LabelEncoder | Transformer

const checkColumns = arrayOf('the name of a column, or an array of them', checks.columnName)

/** The columns that are to be predicted, and what makes labels or dense targets of them. */
export class Target {
  readonly columns: readonly string[]
  readonly #given: TargetTransformer | undefined
  #used: TargetTransformer | undefined

  /** @throws TypeError or RangeError for what is no such thing */
  constructor(columns: unknown, transformer: unknown) {
    this.columns = checkColumns('target', typeof columns === 'string' ? [columns] : columns)
    if (transformer === undefined) return
    const isLabels = transformer instanceof LabelEncoder
    const isBoth = isTransformer(transformer) && typeof transformer.inverseTransform === 'function'
    if (!isLabels && !isBoth)
      throw typeError(
        'targetTransformer',
        'a LabelEncoder, or a Transformer with inverseTransform',
        transformer,
      )
    if (isLabels && this.columns.length !== 1)
      throw rangeError('target', 'one column, for a LabelEncoder', this.columns)
    this.#given = this.#used = transformer
  }

  /** What the target goes through: what was given, or what `learn` found to be needed. */
  get transformer(): TargetTransformer | undefined {
    return this.#used
  }

  /** The classes by their index, where there are classes. */
  get classes(): Categories | undefined {
    return this.#used instanceof LabelEncoder ? this.#used.classes : undefined
  }

  /** Columns of the dense targets that are made; undefined where there are classes, or no target. */
  get width(): number | undefined {
    const { columns } = this
    if (columns.length === 0 || this.#used instanceof LabelEncoder) return undefined
    return (this.#used?.featureNames(columns) ?? columns).length
  }

  /** Learns from the target, counting in what was learned before if these are `more` rows. */
  learn(table: Table, more: boolean): void {
    if (this.columns.length === 0) return
    const y = table.select(this.columns)
    const [first] = this.columns.map((name) => y.column(name))
    if (!more) {
      const isTexts = this.columns.length === 1 && first?.type === 'category'
      this.#used = this.#given ?? (isTexts ? new LabelEncoder() : undefined)
    }
    if (!(this.#used instanceof LabelEncoder)) this.#check(y)
    if (this.#used === undefined) return
    if (more) checkLearnsInParts(this.#used)
    if (more) this.#used.partialFit?.(y)
    else this.#used.fit(y)
  }

  /** Labels or dense targets; undefined where the table lacks the columns. */
  read(table: Table, dtype: DType): Int32Array | Matrix<FloatArray> | undefined {
    if (this.columns.length === 0 || !this.columns.every((name) => table.has(name)))
      return undefined
    const y = table.select(this.columns)
    if (this.#used instanceof LabelEncoder) return this.#used.transform(y)
    this.#check(y)
    const made = this.#used === undefined ? y : this.#used.transform(y)
    const columns = made.names.map((name) => toFiniteColumn(made, name))
    return toRows(columns, made.rows, dtype)
  }

  /** Predictions in the target's own units. */
  inverse<A extends FloatArray>(outputs: Matrix<A>): Matrix<FloatArray> {
    const transformer = this.#used
    if (transformer === undefined || transformer instanceof LabelEncoder) return outputs
    const [rows, width] = outputs.shape
    const columns = columnsOf({ data: outputs.data, rows, columns: width })
    const names = transformer.featureNames(this.columns)
    const table = new Table(new Map(names.map((name, j) => [name, columns[j] ?? []])))
    const restored = transformer.inverseTransform?.(table).toMatrix(this.columns)
    return restored ?? outputs // the constructor saw that it can
  }

  /** @throws TypeError or RangeError, naming column and row, for what is no number */
  #check(y: Table): void {
    for (const name of this.columns) toFiniteColumn(y, name)
  }
}
