import { types } from 'node:util'
import { rangeError, typeError } from '../errors.js'
import type { TypedArray } from '../matrix.js'
import { isTypedArray } from '../matrix.js'
import { checks, number } from './checks.js'
import type { OptionsOf } from './option.js'
import { defaulted, optional } from './option.js'

/** Options of a Dataset that are no arrays. */
export const datasetOptions = {
  /** With labels: how many classes there are. Default: the largest label plus one. */
  classes: optional(checks.positiveInteger),
  /** What every feature is multiplied with when it is read; of a size from 1e-30 to 1e30. Default 1. */
  scale: defaulted(
    1,
    number(
      'a number of a size from 1e-30 to 1e30',
      (value) => Math.abs(value) >= 1e-30 && Math.abs(value) <= 1e30,
    ),
  ),
}

/** One number or text a row. */
export type RowKeys = readonly (number | string)[] | TypedArray
/** One point in time a row: a number of any unit, or a date. */
export type RowTimes = readonly (number | Date)[] | TypedArray

const rowKeys = oneEach('numbers or texts', 'a number or a text', isText)
const rowTimes = oneEach('numbers or dates', 'a number or a date', types.isDate)

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

/** Returns a check that a value is an array of numbers, none of them NaN, or of what else it may have. */
function oneEach<T extends string | Date>(
  all: string,
  one: string,
  isOther: (value: unknown) => value is T,
) {
  return (name: string, value: unknown): readonly (number | T)[] | TypedArray => {
    if (isTypedArray(value)) {
      const bad = value.findIndex(Number.isNaN)
      if (bad >= 0) throw rangeError(`${name}[${bad}]`, one, NaN)
      return value
    }
    if (!Array.isArray(value)) throw typeError(name, `an array of ${all}`, value)
    return Array.from(value, (entry: unknown, i) => {
      if (typeof entry !== 'number' && !isOther(entry)) throw typeError(`${name}[${i}]`, one, entry)
      if (typeof entry !== 'string' && Number.isNaN(Number(entry)))
        throw rangeError(`${name}[${i}]`, one, entry)
      return entry
    })
  }
}

/** How rows are taken, of whatever they are. */
const order = {
  /** Seed of the order in which rows are dealt. Default 0. */
  seed: defaulted(0, checks.wholeNumber),
  /** Whether rows are dealt in a random order, else as they stand. Default true. */
  shuffle: defaulted(true, checks.boolean),
}

const timeSeries = {
  /** Rows left out between training and validation rows, from 0. Default 0. */
  gap: defaulted(0, checks.wholeNumber),
  /** Rows of each validation set, a positive integer. Default: the rows divided by one more than there are folds. */
  validationSize: optional(checks.positiveInteger),
  /** Training rows at most, the latest ones; a positive integer. Default: all. */
  maxTrainSize: optional(checks.positiveInteger),
}

/** Options of `Dataset.kFold`. */
export const foldOptions = {
  ...order,
  /** What every part gets its share of: true for the class labels, or one number or text per row. Default false. */
  stratify: defaulted(false, strata),
  /** One number or text per row: rows of one group stay together. Default: only copies of a row do. */
  groups: optional(rowKeys),
}
/** Options of `Dataset.kFold`. @interface */
export type FoldOptions = OptionsOf<typeof foldOptions>

/** Options of `Dataset.split`. */
export const splitOptions = {
  ...foldOptions,
  /** One number or date per row: the parts are consecutive in time, rows of one time stay together. */
  time: optional(rowTimes),
}
/** Options of `Dataset.split`. @interface */
export type SplitOptions = OptionsOf<typeof splitOptions>

/** Options of `Dataset.timeSeriesSplit`. */
export const timeSeriesOptions = {
  ...timeSeries,
  /** One number or date per row: rows of one time stay together. Default: rows stand in order of time. */
  time: optional(rowTimes),
}
/** Options of `Dataset.timeSeriesSplit`. @interface */
export type TimeSeriesOptions = OptionsOf<typeof timeSeriesOptions>

/** Options of `Table.kFold`. */
export const tableFoldOptions = {
  ...order,
  /** Name of a column of texts or integers: every part gets its share of each; missing ones are a class, too. */
  stratify: optional(checks.columnName),
  /** Name of a column: rows of one value stay together. */
  groups: optional(checks.columnName),
}
/** Options of `Table.kFold`. @interface */
export type TableFoldOptions = OptionsOf<typeof tableFoldOptions>

/** Options of `Table.split`. */
export const tableSplitOptions = {
  ...tableFoldOptions,
  /** Name of a column of numbers or dates: the parts are consecutive in time, rows of one time stay together. */
  time: optional(checks.columnName),
}
/** Options of `Table.split`. @interface */
export type TableSplitOptions = OptionsOf<typeof tableSplitOptions>

/** Options of `Table.timeSeriesSplit`. */
export const tableTimeSeriesOptions = {
  ...timeSeries,
  /** Name of a column of numbers or dates: rows of one time stay together. Default: rows stand in order of time. */
  time: optional(checks.columnName),
}
/** Options of `Table.timeSeriesSplit`. @interface */
export type TableTimeSeriesOptions = OptionsOf<typeof tableTimeSeriesOptions>

function strata(name: string, value: unknown): boolean | RowKeys {
  return typeof value === 'boolean' ? value : rowKeys(name, value)
}
