import { checkNamedOnce } from '../data/column.js'
import { rangeError } from '../errors.js'
import { checkDType } from '../matrix.js'
import { arrayOf, checks, oneOf, text } from './checks.js'
import type { OptionsOf } from './option.js'
import { defaulted, optional } from './option.js'

/** One printable ASCII character, or a tab. */
const character = (name: string, value: unknown): string => {
  const what = 'one ASCII character'
  const character = text(what)(name, value)
  if (!/^[\t -~]$/.test(character)) throw rangeError(name, what, value)
  return character
}

const texts = arrayOf('an array of texts', checks.text)

const names = (name: string, value: unknown): readonly string[] => {
  const columns = texts(name, value)
  checkNamedOnce(columns)
  return columns
}

/** Options of readers whose columns are made of texts or JSON values. */
const columnOptions = {
  /** Texts that stand for a missing value, after `trim`. Default '', '?', 'NA', 'N/A', 'NaN', 'nan', 'null', 'NULL'. */
  missing: defaulted(['', '?', 'NA', 'N/A', 'NaN', 'nan', 'null', 'NULL'], texts),
  /** The columns that are kept, in this order, each once. Default: all. */
  select: optional(names),
  /** Whether spaces around a value are dropped. Default true. */
  trim: defaulted(true, checks.boolean),
  /** Type of the arrays that numbers come in. Default 'float64'. */
  dtype: defaulted('float64', checkDType),
  /** For streams: rows of a table, a positive integer. Default: as many as hold 2^18 values, at most 16,384. */
  blockRows: optional(checks.positiveInteger),
  /** Most different texts in a category column, a positive integer. Default 2^20. */
  maximumCategories: defaulted(2 ** 20, checks.positiveInteger),
}

/** Options of `readJsonLines` and `streamJsonLines`, but for `columns`. */
export const jsonLinesOptions = columnOptions

/** How the bytes of CSV files can be text. */
export const encodings = ['utf-8', 'latin1'] as const
export type Encoding = (typeof encodings)[number]

/** Options of `readCsv` and `streamCsv`, but for `columns`. */
export const csvOptions = {
  ...columnOptions,
  /** What stands between values, one ASCII character. Default: of ',', ';', tab and '|' the one that cuts the first rows into equally many values. */
  delimiter: optional(character),
  /** Whether the first row has the names of the columns. Default: true, or false where `columns` is an array of names. */
  header: optional(checks.boolean),
  /** What surrounds values that hold delimiters, quotes (doubled) or line ends, one ASCII character; false: nothing does. Default '"'. */
  quote: defaulted('"', (name, value) => (value === false ? false : character(name, value))),
  /** What lines to be left out begin with, one ASCII character. Default: none are. */
  comment: optional(character),
  /** How bytes are text. Default 'utf-8'. */
  encoding: defaulted('utf-8', oneOf(encodings)),
}

/** Options of readers of arrays. */
export const arrayFileOptions = {
  /** Most bytes that compressed data may unfold to, a positive integer. Default 2^30, 1 GiB. */
  maximumBytes: defaulted(2 ** 30, checks.positiveInteger),
}
/** Options of `readNpy` and `readNpz`. @interface */
export type ReadNpyOptions = OptionsOf<typeof arrayFileOptions>
/** Options of `readIdx`. @interface */
export type ReadIdxOptions = OptionsOf<typeof arrayFileOptions>

/** Options of the toy sets. */
export const toyOptions = {
  /** Number of rows, a positive integer. Default 500. */
  rows: defaulted(500, checks.positiveInteger),
  /** How far points are scattered, from 0 to 1e30; each set says what it measures. Default 0. */
  noise: defaulted(0, checks.nonNegativeFloat),
  /** Seed of all draws, a non-negative integer. Default 0. */
  seed: defaulted(0, checks.wholeNumber),
  /** Whether the rows come in a random order; otherwise those of class 0 come first. Default true. */
  shuffle: defaulted(true, checks.boolean),
}
/** Options of the toy sets. @interface */
export type ToyOptions = OptionsOf<typeof toyOptions>
