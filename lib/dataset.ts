import { types } from 'node:util'
import { toLabels } from './categorical.js'
import type { Codes } from './codes.js'
import { toCodes, toRanks } from './codes.js'
import { atRow, rangeError, typeError } from './errors.js'
import type { CheckedMatrix, DType, Labels, Matrix, MatrixLike, TypedArray } from './matrix.js'
import { checkDType, isTypedArray, toMatrix, toNumbers } from './matrix.js'
import type { NativeDataset, NativeMatrix } from './native.js'
import { native } from './native.js'
import type {
  FoldOptions,
  OptionsOf,
  RowKeys,
  RowTimes,
  SettingsOf,
  SplitOptions,
  TimeSeriesOptions,
} from './options/index.js'
import {
  checks,
  complete,
  datasetOptions,
  foldOptions,
  splitOptions,
  timeSeriesOptions,
} from './options/index.js'
import type { Dealing, FoldRows } from './split.js'
import { foldRows, splitRows, timeSeriesRows } from './split.js'

/** Options of a {@link Dataset}. @interface */
export type DatasetOptions = OptionsOf<typeof datasetOptions> & {
  /** How much each row counts in the loss, one number per row, at least 0. Default: all 1. */
  readonly sampleWeights?: ArrayLike<number> | undefined
  /** A name per column. */
  readonly featureNames?: readonly string[] | undefined
  /** Type that features and dense targets are stored in. Default: as given; `number[][]` as float64, integers as float32 where that is exact. */
  readonly dtype?: DType | undefined
}

const mostClasses = 2 ** 24
const ownOptions = ['sampleWeights', 'featureNames', 'dtype'] as const

/** Training rows, and rows to validate with, of one data set. */
export interface Fold<Data = Dataset> {
  readonly train: Data
  readonly validation: Data
}

interface View {
  readonly native: NativeDataset
  readonly parent: Dataset
}
let viewOf: View | undefined // what the constructor should wrap instead of copying rows

/**
 * Immutable rows in native memory: features, with class labels or dense targets if wanted.
 *
 * The rows are copied once and checked once, then shared by any number of views and fits without
 * another copy. They keep the type they came in (bytes stay bytes) and are converted to the
 * network's type when a batch is gathered. A `SharedArrayBuffer` is borrowed, not copied: it must
 * not be changed while the Dataset is in use.
 *
 * @example
 * const data = new Dataset([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0])
 */
export class Dataset {
  /** Number of rows. */
  readonly rows: number
  /** Columns of the features. */
  readonly features: number
  /** Columns of the dense targets, or 0 where the rows have labels or nothing. */
  readonly outputs: number
  /** Number of classes, or 0 where the rows have no labels. */
  readonly classes: number
  /** A name per column, if they were given. */
  readonly featureNames: readonly string[] | undefined
  /** @internal */
  readonly native: NativeDataset

  /**
   * @param x - features, `[rows, features]`; a flat typed array needs `{ data, shape }`
   * @param y - class indices (`Int32Array`, `Uint8Array`, `number[]`), or dense targets or class
   * probabilities as a {@link MatrixLike} of as many rows
   * @throws TypeError or RangeError, naming row and column, for ragged rows, values that are not
   * finite, labels out of range, lengths that do not agree, no rows at all
   */
  constructor(x: MatrixLike, y?: Labels | MatrixLike, options: DatasetOptions = {}) {
    if (viewOf !== undefined) {
      const { parent } = viewOf
      this.native = viewOf.native
      this.features = parent.features
      this.outputs = parent.outputs
      this.classes = parent.classes
      this.featureNames = parent.featureNames
    } else {
      const given = checkOptions(options)
      const features = toMatrix('x', x)
      if (features.rows === 0) throw new RangeError('`x` has no rows')
      const targets = readTargets(y, features.rows, given.classes)
      const weights = readWeights(options.sampleWeights, features.rows)
      this.native = new native.Dataset({
        features: toNativeMatrix(features, given.scale, options.dtype),
        targets: targets.dense && toNativeMatrix(targets.dense, 1, options.dtype),
        labels: targets.labels,
        classes: targets.classes,
        weights,
      })
      const bad = this.native.firstNonFinite()
      if (bad !== null)
        throw atRow(
          new RangeError(
            `Expected \`${bad.field === 'features' ? 'x' : 'y'}\` to be finite, ` +
              `got NaN or infinity in row ${bad.row}, column ${bad.column}`,
          ),
          bad.row,
        )
      this.features = features.columns
      this.outputs = targets.dense?.columns ?? 0
      this.classes = targets.classes
      this.featureNames = readNames(options.featureNames, features.columns)
    }
    this.rows = this.native.rows
    Object.freeze(this)
  }

  /** The features as the network sees them (scaled), copied: `[rows, features]`. */
  get x(): Matrix<Float32Array | Float64Array | Uint8Array> {
    return { data: this.native.copyFeatures(), shape: [this.rows, this.features] }
  }

  /** The labels, copied; or the dense targets, `[rows, outputs]`; or undefined. */
  get y(): Int32Array | Matrix<Float32Array | Float64Array | Uint8Array> | undefined {
    const data = this.native.copyTargets()
    if (data === undefined || data instanceof Int32Array) return data
    return { data, shape: [this.rows, this.outputs] }
  }

  /** How much each row counts in the loss, copied; or undefined where all count 1. */
  get sampleWeights(): Float64Array | undefined {
    return this.native.copyWeights()
  }

  /**
   * A view of the rows at these positions, in this order; a position may come twice.
   *
   * @throws TypeError or RangeError for a position that is no row, or none at all
   */
  subset(indices: ArrayLike<number>): Dataset {
    const numbers = toNumbers('indices', indices)
    const positions = Uint32Array.from(numbers)
    if (positions.length === 0) throw new RangeError('`indices` is empty')
    for (let i = 0; i < positions.length; i++)
      if (positions[i] !== numbers[i] || (positions[i] ?? 0) >= this.rows)
        throw rangeError(`indices[${i}]`, `a row from 0 to ${this.rows - 1}`, numbers[i])
    return this.#take(positions)
  }

  /**
   * A view of the rows from `begin` up to, not including, `end`; negative ones count from the end,
   * as in `Array.prototype.slice`.
   *
   * @throws TypeError or RangeError if they are no integers, or no row is left
   */
  slice(begin = 0, end = this.rows): Dataset {
    checks.place('begin', begin)
    checks.place('end', end)
    const rows = Uint32Array.from({ length: this.rows }, (_, row) => row).slice(begin, end)
    if (rows.length === 0) throw new RangeError(`Rows ${begin} to ${end} of ${this.rows} are none`)
    return this.#take(rows)
  }

  /**
   * Deals the rows to named views that have no row in common: in a random order, or as they stand,
   * or by time.
   *
   * Rows that belong together, by `groups`, by equal `time` or as copies of one row in a `subset`,
   * never come to two parts. Sizes are then as near to those wanted as whole groups allow by the
   * rule in `native/core/split.h`: two parts that take all rows are within half the largest group.
   * Otherwise they are exact, and with `stratify` each part has its share of each class to within
   * two rows where classes are of one size; to within 1 + s (C - 2) rows for a class with the share
   * s of all rows among C > 2 classes.
   *
   * @param parts - for each name a fraction of the rows in (0, 1), or a number of rows; all
   * fractions or all numbers, summing to at most 1 or to at most all rows
   * @throws TypeError or RangeError if a part would be empty, there are not enough rows or groups,
   * options do not go together, or copies of one row are in two groups
   *
   * @example
   * const { train, test } = data.split({ train: 0.8, test: 0.2 }, { seed: 0, stratify: true })
   */
  split<Name extends string>(
    parts: Readonly<Record<Name, number>>,
    options: SplitOptions = {},
  ): Record<Name, Dataset> {
    const { time, ...settings } = complete('split', splitOptions, options)
    const dealing = { ...this.#dealing(settings, options), time: this.#times(time) }
    const lists = splitRows(dealing, parts)
    const views = lists.map(([name, rows]): [string, Dataset] => [name, this.#take(rows)])
    return Object.fromEntries(views) as Record<Name, Dataset> // one view per name
  }

  /**
   * Deals the rows to `k` folds as `split` does, each of them once the validation set and otherwise
   * among the training rows (scikit-learn's KFold, StratifiedKFold, GroupKFold and
   * StratifiedGroupKFold; it calls `validation` test, and shuffles only when told to).
   *
   * @param k - at least 2, at most as many as rows, or groups
   * @throws TypeError or RangeError as `split`
   *
   * @example
   * for (const { train, validation } of data.kFold(5, { stratify: true }))
   *   await makeTrainer().fit(train, { validation })
   */
  kFold(k: number, options: FoldOptions = {}): Fold[] {
    const settings = complete('kFold', foldOptions, options)
    return this.#folds(foldRows(this.#dealing(settings, options), k))
  }

  /**
   * Folds in order of time: each fold's validation set follows its training rows, which are all
   * rows before it; the last set ends with the last row (scikit-learn's TimeSeriesSplit).
   *
   * @param k - at least 1
   * @throws TypeError or RangeError if there are too few rows, or times
   *
   * @example
   * data.timeSeriesSplit(3, { gap: 7 }) // 3 x { train, validation }, 7 rows apart
   */
  timeSeriesSplit(k: number, options: TimeSeriesOptions = {}): Fold[] {
    const { time, ...settings } = complete('timeSeriesSplit', timeSeriesOptions, options)
    const dealing = { rows: this.rows, time: this.#times(time), copies: this.#copies() }
    return this.#folds(timeSeriesRows(dealing, k, settings))
  }

  #dealing(
    { stratify, groups }: Pick<SettingsOf<typeof foldOptions>, 'stratify' | 'groups'>,
    { seed, shuffle }: FoldOptions,
  ): Dealing {
    return {
      rows: this.rows,
      seed,
      shuffle,
      classes: this.#classCodes(stratify),
      groups: groups && toCodes(this.#onePerRow('groups', groups)),
      copies: this.#copies(),
    }
  }

  #classCodes(stratify: boolean | RowKeys): Codes | undefined {
    if (stratify === false) return undefined
    if (stratify !== true) return toCodes(this.#onePerRow('stratify', stratify))
    const labels = this.native.copyTargets()
    if (this.classes === 0 || !types.isInt32Array(labels))
      throw new TypeError('Expected `stratify` to be false for a Dataset without class labels')
    return { codes: labels, count: this.classes }
  }

  #times(time: RowTimes | undefined): Codes | undefined {
    return time && toRanks(this.#onePerRow('time', time))
  }

  #copies(): Codes | undefined {
    const codes = this.native.copies()
    return codes && { codes, count: codes.reduce((last, code) => Math.max(last, code), 0) + 1 }
  }

  #onePerRow<A extends ArrayLike<unknown>>(name: string, values: A): A {
    if (values.length !== this.rows)
      throw new RangeError(
        `\`${name}\` has ${values.length} entries, the Dataset has ${this.rows} rows`,
      )
    return values
  }

  #folds(folds: readonly FoldRows[]): Fold[] {
    return folds.map(({ train, validation }) => ({
      train: this.#take(train),
      validation: this.#take(validation),
    }))
  }

  #take(rows: Uint32Array): Dataset {
    return this.#view(this.native.subset(rows))
  }

  #view(view: NativeDataset): Dataset {
    viewOf = { native: view, parent: this }
    try {
      return new Dataset([])
    } finally {
      viewOf = undefined
    }
  }
}

function checkOptions(options: DatasetOptions) {
  const settings = complete('Dataset', datasetOptions, options, { others: ownOptions })
  if (options.dtype !== undefined) checkDType('dtype', options.dtype)
  return settings
}

interface Targets {
  readonly dense?: CheckedMatrix
  readonly labels?: Int32Array
  readonly classes: number
}

function readTargets(
  y: Labels | MatrixLike | undefined,
  rows: number,
  classes: number | undefined,
): Targets {
  if (y !== undefined && isLabels(y)) {
    if (y.length !== rows)
      throw new RangeError(`\`y\` has ${y.length} labels, \`x\` has ${rows} rows`)
    const checked = toLabels('y', y, classes)
    if (checked.classes > mostClasses)
      throw rangeError('classes', `at most ${mostClasses}`, checked.classes)
    return { labels: Int32Array.from(checked.indices), classes: checked.classes }
  }
  if (classes !== undefined)
    throw new TypeError('Expected `classes` to be given with class labels only')
  if (y === undefined) return { classes: 0 }
  const flat = isTypedArray(y)
  if (flat && (y.length === 0 || y.length % rows !== 0))
    throw new RangeError(`\`y\` has ${y.length} values, \`x\` has ${rows} rows`)
  const dense = toMatrix('y', y, flat ? y.length / rows : undefined)
  if (dense.rows !== rows) throw new RangeError(`\`y\` has ${dense.rows} rows, \`x\` has ${rows}`)
  return { dense, classes: 0 }
}

function isLabels(y: Labels | MatrixLike): y is Labels {
  if (types.isInt32Array(y) || types.isUint8Array(y)) return true
  return Array.isArray(y) && typeof y[0] === 'number'
}

function readWeights(given: ArrayLike<number> | undefined, rows: number): Float64Array | undefined {
  if (given === undefined) return undefined
  const weights = Float64Array.from(toNumbers('sampleWeights', given))
  if (weights.length !== rows)
    throw new RangeError(`\`sampleWeights\` has ${weights.length} entries, \`x\` has ${rows} rows`)
  weights.forEach((weight, row) => checks.nonNegative(`sampleWeights[${row}]`, weight))
  return weights
}

function readNames(given: readonly string[] | undefined, columns: number) {
  if (given === undefined) return undefined
  if (!isNames(given)) throw typeError('featureNames', 'an array of strings', given)
  if (given.length !== columns)
    throw new RangeError(`\`featureNames\` has ${given.length} names, \`x\` has ${columns} columns`)
  return Object.freeze([...given])
}

function isNames(value: unknown): value is readonly string[] {
  // Not `value.every`: it leaves out holes.
  return Array.isArray(value) && Array.from(value).every((name) => typeof name === 'string')
}

/** The matrix in one of the types that the core stores. */
export function toNativeMatrix(matrix: CheckedMatrix, scale = 1, dtype?: DType): NativeMatrix {
  const data = toStored(matrix.data, dtype)
  const { rows, columns } = matrix
  return { data, rows, columns, scale }
}

function toStored(data: TypedArray, dtype?: DType): Float32Array | Float64Array | Uint8Array {
  if (dtype === 'float32') return types.isFloat32Array(data) ? data : Float32Array.from(data)
  if (dtype === 'float64') return types.isFloat64Array(data) ? data : Float64Array.from(data)
  if (types.isFloat32Array(data) || types.isFloat64Array(data) || types.isUint8Array(data))
    return data
  // Integers of up to 16 bits are exact in float32.
  return data.BYTES_PER_ELEMENT <= 2 ? Float32Array.from(data) : Float64Array.from(data)
}
