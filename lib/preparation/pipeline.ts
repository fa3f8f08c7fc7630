import { checkNamedOnce } from '../data/column.js'
import type { Table } from '../data/table.js'
import type { TableLike } from '../data/table_like.js'
import { tableOf } from '../data/table_like.js'
import { toRows } from '../data/transpose.js'
import { Dataset } from '../dataset.js'
import { typeError } from '../errors.js'
import type { DType, FloatArray, Labels, Matrix, MatrixLike } from '../matrix.js'
import { checkDType } from '../matrix.js'
import type { Categories, EmbeddedColumn } from '../options/index.js'
import { arrayOf, checks, complete, inferenceOptions } from '../options/index.js'
import type { Group } from './column_steps.js'
import { checkColumns, checkSteps, join, toGroups } from './column_steps.js'
import { checkNames, checkRecord, notFitted, toFiniteColumn } from './column_transformer.js'
import { inferSteps } from './inference.js'
import { OrdinalEncoder } from './ordinal_encoder.js'
import type { InferenceOptions, PipelineOptions } from './pipeline_options.js'
import { ownOptions } from './pipeline_options.js'
import type { RawRows } from './raw_rows.js'
import { readRows } from './raw_rows.js'
import { Target } from './target.js'
import type { Transformer } from './transformer.js'
import { checkLearnsInParts } from './transformer.js'
import { loadTargetTransformer, loadTransformer, saveTransformer } from './transformers.js'

/** What was made of rows: the columns of each group, or those of all after the common steps. */
interface Prepared {
  readonly table: Table
  readonly made: readonly Table[]
}

/**
 * Makes a network's Dataset of a Table: which steps each column goes through, and what is to be
 * predicted (scikit-learn's ColumnTransformer and Pipeline in one). It learns from the rows given
 * to `fit`, the training set, and from no others: `transform` only applies what was learned.
 *
 * @example
 * const pipeline = new Pipeline({
 *   columns: {
 *     age: [new SimpleImputer(), new StandardScaler()],
 *     job: new OneHotEncoder({ handleUnknown: 'ignore' }),
 *   },
 *   target: 'income',
 * })
 * const train = pipeline.fitTransform(trainTable)
 * const test = pipeline.transform(testTable)
 */
export class Pipeline {
  /** Type of the numbers that are made. */
  readonly dtype: DType
  /** The column of sample weights. */
  readonly sampleWeights: string | undefined
  readonly #target: Target
  /** Undefined where all columns are taken as they are; `#groups` then says which `fit` found. */
  readonly #declared: readonly Group[] | undefined
  readonly #steps: readonly Transformer[]
  #groups: readonly Group[] = []
  /** Names of the columns of `Prepared.made`; undefined before `fit`. */
  #outputs: readonly (readonly string[])[] | undefined

  /**
   * @param options - the options, or just the steps that all columns go through
   * @throws TypeError or RangeError for an option that is unknown or of the wrong type, a column
   * that has two uses, or a transformer that stands in two places
   */
  constructor(options: PipelineOptions | readonly Transformer[]) {
    const given = Array.isArray(options) ? { steps: options } : options
    complete('Pipeline', {}, given, { others: ownOptions })
    const { columns, steps, target, targetTransformer, sampleWeights, dtype } =
      given as PipelineOptions // an array would have become one
    this.dtype = dtype === undefined ? 'float32' : checkDType('dtype', dtype)
    this.#target = new Target(target ?? [], targetTransformer)
    if (sampleWeights !== undefined) checks.columnName('sampleWeights', sampleWeights)
    this.sampleWeights = sampleWeights
    this.#declared = columns === undefined ? undefined : toGroups(columns)
    this.#steps = checkSteps('steps', steps ?? [])
    const all = [...(this.#declared ?? []).flatMap((group) => group.steps), ...this.#steps]
    const twice = all.find((step, i) => all.indexOf(step) !== i)
    if (twice !== undefined)
      throw new TypeError(
        `A ${twice.constructor.name} stands in two places of the pipeline; make one for each`,
      )
    checkNamedOnce([...(this.#declared ?? []).flatMap((group) => group.columns), ...this.#others])
  }

  /** Whether it has learned from rows; before that it transforms none. */
  get isFitted(): boolean {
    return this.#outputs !== undefined
  }

  /**
   * A pipeline with what is usual for the columns of a table. Numbers: the median where they are
   * missing, then standardised. Categories: one-hot, or, if there are more than `oneHotLimit`, codes
   * for a layer of embeddings, which `embeddings` describes. Dates: a DatetimeEncoder's numbers, the
   * mean where they are missing, then standardised. It has not learned from the table yet.
   *
   * @param table - the training set
   * @param options - `columns` are those that are not to go the usual way
   * @throws TypeError or RangeError as the constructor, or if `table` is no Table
   *
   * @example
   * const pipeline = Pipeline.infer(trainTable, { target: 'income' })
   * const train = pipeline.fitTransform(trainTable)
   */
  static infer(table: TableLike, options: InferenceOptions = {}): Pipeline {
    const rows = tableOf(table)
    if (rows === undefined) throw typeError('table', 'a Table', table)
    const settings = complete('infer', inferenceOptions, options, { others: ownOptions })
    const others: PipelineOptions = { ...options }
    Reflect.deleteProperty(others, 'oneHotLimit')
    const given = new Pipeline({ ...others, columns: others.columns ?? [] })
    const groups = given.#declared ?? []
    const taken = [...groups.flatMap((group) => group.columns), ...given.#others]
    for (const name of given.target) rows.column(name) // refuses one that is not there
    const names = rows.names.filter((name) => !taken.includes(name))
    return new Pipeline({ ...others, columns: [...groups, ...inferSteps(rows, names, settings)] })
  }

  /** The columns that are to be predicted. */
  get target(): readonly string[] {
    return this.#target.columns
  }

  /** Columns that are no features. */
  get #others(): readonly string[] {
    return [...this.target, ...(this.sampleWeights === undefined ? [] : [this.sampleWeights])]
  }

  /**
   * The columns that features are made of.
   *
   * @throws GemmnetError `ERR_NOT_FITTED` before `fit`
   */
  get inputs(): readonly string[] {
    this.#known()
    return this.#groups.flatMap((group) => group.columns)
  }

  /**
   * The names of the columns that are made, the `featureNames` of the Dataset.
   *
   * @throws GemmnetError `ERR_NOT_FITTED` before `fit`
   */
  get outputs(): readonly string[] {
    return this.#known().flat()
  }

  /**
   * The classes by their index, as the data have them; undefined for other targets.
   *
   * @throws GemmnetError `ERR_NOT_FITTED` before `fit`
   */
  get classes(): Categories | undefined {
    this.#known()
    return this.#target.classes
  }

  /** Columns of the dense targets that are made; undefined for others. @internal */
  get targetWidth(): number | undefined {
    return this.#target.width
  }

  #known(): readonly (readonly string[])[] {
    if (this.#outputs === undefined) throw notFitted('The pipeline')
    return this.#outputs
  }

  /**
   * Learns from these rows, and forgets what was learned before.
   *
   * @param x - the training set
   * @throws TypeError or RangeError for a column that is not there, or holds what a step does not
   * take; the pipeline has then learned nothing
   */
  fit(x: RawRows): this {
    this.#learn(x, false)
    return this
  }

  /**
   * Learns from these rows too, for data that come in parts. Each step learns from what the steps
   * before it, with what they learned so far, make of the rows. Classes and codes that are known
   * keep their numbers; a new category of a OneHotEncoder makes a new output.
   *
   * @throws TypeError or RangeError as `fit`, or if a step cannot learn in parts; other columns may
   * then have learned from the rows
   */
  partialFit(x: RawRows): this {
    this.#learn(x, this.#outputs !== undefined, true)
    return this
  }

  /**
   * `fit`, then `transform` of the same rows.
   *
   * @param y - labels or targets, where they are no column
   * @throws TypeError or RangeError as `fit` and `transform`
   */
  fitTransform(x: RawRows, y?: Labels | MatrixLike): Dataset {
    return this.#toDataset(this.#learn(x, false), y)
  }

  /**
   * Features, with labels or targets and sample weights if their columns are there, by what was
   * learned.
   *
   * @param y - labels or targets, where they are no column
   * @throws GemmnetError `ERR_NOT_FITTED` before `fit`
   * @throws TypeError or RangeError for a column that is not there, a value that no step takes, or
   * one that is missing after all steps
   */
  transform(x: RawRows, y?: Labels | MatrixLike): Dataset {
    return this.#toDataset(this.#prepare(x), y)
  }

  /**
   * The features alone, for `Network.predict`.
   *
   * @returns shape `[rows, outputs.length]`
   * @throws as `transform`
   */
  features(x: RawRows): Matrix<FloatArray> {
    return this.#toMatrix(this.#prepare(x))
  }

  /**
   * What the target's transformer would have made these outputs of a network of: predictions in the
   * target's own units.
   *
   * @param outputs - shape `[rows, outputs]`, and so is what is returned
   * @throws GemmnetError `ERR_NOT_FITTED` before `fit`
   */
  inverseTarget(outputs: Matrix<FloatArray>): Matrix<FloatArray> {
    this.#known()
    return this.#target.inverse(outputs)
  }

  /**
   * The outputs that are codes of an OrdinalEncoder with `unknownValue: 0`, as a layer of embeddings
   * takes them; dimensions by fastai's rule, `min(600, round(1.6 * categories ** 0.56))`.
   *
   * @throws GemmnetError `ERR_NOT_FITTED` before `fit`
   *
   * @example
   * const layers = [embedding({ columns: pipeline.embeddings() }), dense(3, 'softmax')]
   */
  embeddings(): EmbeddedColumn[] {
    const outputs = this.#known()
    if (this.#steps.length > 0) return [] // no codes any more
    let column = 0
    return this.#groups.flatMap(({ steps }, i) => {
      const first = column
      column += outputs[i]?.length ?? 0
      const encoder = steps.at(-1)
      return encoder instanceof OrdinalEncoder ? encoder.embeddings(first) : []
    })
  }

  #learn(x: RawRows, more: boolean, inParts = more): Prepared {
    if (!more) this.#outputs = undefined
    const table = this.#read(x)
    if (table.rows === 0) throw new RangeError('`x` has no rows')
    if (!more) this.#groups = this.#declared ?? [this.#allOf(table)]
    if (this.#groups.every(({ columns }) => columns.length === 0))
      throw new RangeError('The pipeline has no columns to make features of')
    const made = this.#run(table, (columns, step) => {
      if (inParts) checkLearnsInParts(step)
      if (more) step.partialFit?.(columns)
      else step.fit(columns)
      return step.transform(columns)
    })
    this.#target.learn(table, more)
    this.#outputs = this.#makeOutputs()
    return { table, made }
  }

  #allOf(table: Table): Group {
    const columns = table.names.filter((name) => !this.#others.includes(name))
    return { columns, steps: [] }
  }

  #makeOutputs(): readonly (readonly string[])[] {
    const names = (columns: readonly string[], steps: readonly Transformer[]) =>
      steps.reduce((inputs, step) => step.featureNames(inputs), columns)
    const made = this.#groups.map(({ columns, steps }) => names(columns, steps))
    const all = this.#steps.length === 0 ? made : [names(made.flat(), this.#steps)]
    checkNames(all.flat())
    return all
  }

  #read(x: RawRows): Table {
    const groups = this.#outputs === undefined ? this.#declared : this.#groups
    return readRows(
      x,
      groups?.flatMap((group) => group.columns),
      this.#others,
    )
  }

  #prepare(x: RawRows): Prepared {
    this.#known()
    const table = this.#read(x)
    return { table, made: this.#run(table, (columns, step) => step.transform(columns)) }
  }

  /** What the columns become, step by step. */
  #run(table: Table, through: (columns: Table, step: Transformer) => Table): readonly Table[] {
    const made = this.#groups.map(({ columns, steps }) =>
      steps.reduce(through, table.select(columns)),
    )
    return this.#steps.length === 0 ? made : [this.#steps.reduce(through, join(made))]
  }

  #toMatrix({ table, made }: Prepared): Matrix<FloatArray> {
    const columns = this.#known().flatMap((names, i) => {
      const part = made[i]
      return part === undefined ? [] : names.map((name) => toFiniteColumn(part, name))
    })
    return toRows(columns, table.rows, this.dtype)
  }

  #toDataset(prepared: Prepared, y: Labels | MatrixLike | undefined): Dataset {
    const { table } = prepared
    const own = this.#target.read(table, this.dtype)
    const classes = own instanceof Int32Array ? this.classes?.length : undefined
    const weights = this.sampleWeights
    return new Dataset(this.#toMatrix(prepared), own ?? y, {
      classes,
      featureNames: this.outputs,
      sampleWeights:
        weights !== undefined && table.has(weights) ? toFiniteColumn(table, weights) : undefined,
    })
  }

  /**
   * Options and what was learned; `fromJSON` makes the same pipeline of it, to the last bit.
   *
   * @throws TypeError if a transformer of one's own was not registered
   */
  toJSON(): object {
    const groups = this.#outputs === undefined ? this.#declared : this.#groups
    const { transformer } = this.#target
    return {
      columns: groups?.map(({ columns, steps }) => ({
        columns,
        steps: steps.map(saveTransformer),
      })),
      steps: this.#steps.map(saveTransformer),
      target: this.target,
      targetTransformer: transformer && saveTransformer(transformer),
      sampleWeights: this.sampleWeights,
      dtype: this.dtype,
      isFitted: this.#outputs !== undefined,
    }
  }

  /**
   * A pipeline from what `toJSON` gave.
   *
   * @throws TypeError or RangeError if it is not that
   */
  static fromJSON(json: unknown): Pipeline {
    const { columns, steps, targetTransformer, isFitted, ...others } = checkRecord(json)
    const load = arrayOf('an array of steps', (_, step) => loadTransformer(step))
    const checkGroup = (_: string, group: unknown) => {
      const { columns: names, steps: saved } = checkRecord(group)
      return { columns: checkColumns('columns', names), steps: load('steps', saved) }
    }
    const pipeline = new Pipeline({
      ...(others as PipelineOptions), // the constructor checks them
      columns:
        columns === undefined ? undefined : arrayOf('an array', checkGroup)('columns', columns),
      steps: load('steps', steps),
      targetTransformer:
        targetTransformer === undefined ? undefined : loadTargetTransformer(targetTransformer),
    })
    if (isFitted !== true) return pipeline
    pipeline.#groups = pipeline.#declared ?? []
    pipeline.#outputs = pipeline.#makeOutputs()
    return pipeline
  }
}
