import { rangeError, typeError } from '../errors.js'
import { arrayOf, checks, number, oneOf } from './checks.js'
import type { OptionsOf } from './option.js'
import { defaulted, optional } from './option.js'

/** The values that a category column can have, each once: texts or numbers. */
export type Categories = readonly string[] | readonly number[]

/** A pair of numbers from `low` to `high`, the lower one first. */
function rangeWithin(what: string, low: number, high: number) {
  return (name: string, value: unknown): readonly [number, number] => {
    if (!Array.isArray(value) || value.length !== 2) throw typeError(name, what, value)
    const [from, to] = value.map((end: unknown, i) => checks.finite(`${name}[${i}]`, end))
    if (from === undefined || to === undefined || !(low <= from && from < to && to <= high))
      throw rangeError(name, what, value)
    return Object.freeze([from, to] as const)
  }
}

const whatCategories = 'an array of different texts, or of different finite numbers'

/** Checks the values of one category column. */
export function checkCategories(name: string, value: unknown): Categories {
  if (!Array.isArray(value)) throw typeError(name, whatCategories, value)
  const values: readonly unknown[] = Array.from(value)
  const type = typeof values[0]
  if (values.some((each) => typeof each !== type || !['string', 'number'].includes(typeof each)))
    throw typeError(name, whatCategories, value)
  const areFinite = type === 'string' || values.every(Number.isFinite)
  if (new Set(values).size !== values.length || !areFinite)
    throw rangeError(name, whatCategories, value)
  return Object.freeze(values) as Categories // all of one type
}

function checkCategoryLists(name: string, value: unknown): Categories | readonly Categories[] {
  if (!Array.isArray(value)) throw typeError(name, whatCategories, value)
  if (value.length === 0) throw rangeError(name, 'not empty', value)
  return Array.isArray(value[0])
    ? arrayOf(whatCategories, checkCategories)(name, value)
    : checkCategories(name, value)
}

/** Checks what missing values are to become. */
export function checkFillValue(name: string, value: unknown): string | number {
  if (typeof value === 'string') return value
  return number('a text or a finite number', Number.isFinite)(name, value)
}

/** What `DatetimeEncoder` can make numbers of. */
export const dateParts = ['year', 'dayOfYear', 'weekday', 'hour'] as const
/** Checks which parts of a date are wanted. */
export const checkDateParts = arrayOf('an array of names', oneOf(dateParts))

/** Options of the transformers, by their class. */
export const preparation = {
  StandardScaler: {
    /** Whether the mean is subtracted. Default true. */
    withMean: defaulted(true, checks.boolean),
    /** Whether values are divided by the standard deviation. Default true. */
    withStd: defaulted(true, checks.boolean),
  },
  MinMaxScaler: {
    /** What the least and the largest value that was learned become. Default [0, 1]. */
    featureRange: defaulted(
      Object.freeze([0, 1] as const),
      rangeWithin('two finite numbers, the lower one first', -Infinity, Infinity),
    ),
    /** Whether values beyond those that were learned are held within `featureRange`. Default false. */
    clip: defaulted(false, checks.boolean),
  },
  RobustScaler: {
    /** Whether the median is subtracted. Default true. */
    withCentering: defaulted(true, checks.boolean),
    /** Whether values are divided by the distance of two percentiles. Default true. */
    withScaling: defaulted(true, checks.boolean),
    /** The two percentiles, from 0 to 100. Default [25, 75]. */
    quantileRange: defaulted(
      Object.freeze([25, 75] as const),
      rangeWithin('two numbers from 0 to 100, the lower one first', 0, 100),
    ),
  },
  OneHotEncoder: {
    /** The categories in their order: one list for every column, or a list per column. Default: those that are learned from, sorted. */
    categories: optional(checkCategoryLists),
    /** Which category gets no output: the 'first', or the first 'ifBinary', of two. Default: none. */
    drop: optional(oneOf(['first', 'ifBinary'])),
    /** What a category that was not learned is: an 'error', or 'ignore', all zeros. Default 'error'. */
    handleUnknown: defaulted('error', oneOf(['error', 'ignore'])),
  },
  OrdinalEncoder: {
    /** The categories in their order: one list for every column, or a list per column. Default: those that are learned from, sorted. */
    categories: optional(checkCategoryLists),
    /** The code of a category that was not learned, an integer below 1; with 0, known ones count from 1, as an embedding layer takes them. Default: such a category is an error. */
    unknownValue: optional(
      number('an integer of at most 0', (value) => Number.isSafeInteger(value) && value <= 0),
    ),
    /** The code of a missing value, an integer below 1; with 0, categories count from 1. Default: 0 if `unknownValue` is, else NaN. */
    missingValue: optional(
      number('an integer of at most 0', (value) => Number.isSafeInteger(value) && value <= 0),
    ),
  },
  SimpleImputer: {
    /** What missing values become: the 'mean', the 'median', the value that is 'mostFrequent' (the least of several), or 'constant', which is `fillValue`. Default 'mean'. */
    strategy: defaulted('mean', oneOf(['mean', 'median', 'mostFrequent', 'constant'])),
    /** With strategy 'constant', a finite number or a text. Default 0, in columns of texts 'missing_value'. */
    fillValue: optional(checkFillValue),
    /** Whether a column of 1 where a value was missing and 0 elsewhere is added for each column that had missing values in what was learned from. Default false. */
    addIndicator: defaulted(false, checks.boolean),
  },
  DatetimeEncoder: {
    /** What is made of each date, in this order: 'year' (with fraction), and sine and cosine of 'dayOfYear', 'weekday' and 'hour'. Default: all, without 'hour' where all dates that are learned from are midnight. */
    parts: optional(checkDateParts),
  },
}

/** Options of {@link StandardScaler}. @interface */
export type StandardScalerOptions = OptionsOf<typeof preparation.StandardScaler>
/** Options of {@link MinMaxScaler}. @interface */
export type MinMaxScalerOptions = OptionsOf<typeof preparation.MinMaxScaler>
/** Options of {@link RobustScaler}. @interface */
export type RobustScalerOptions = OptionsOf<typeof preparation.RobustScaler>
/** Options of {@link OneHotEncoder}. @interface */
export type OneHotEncoderOptions = OptionsOf<typeof preparation.OneHotEncoder>
/** Options of {@link OrdinalEncoder}. @interface */
export type OrdinalEncoderOptions = OptionsOf<typeof preparation.OrdinalEncoder>
/** Options of {@link SimpleImputer}. @interface */
export type SimpleImputerOptions = OptionsOf<typeof preparation.SimpleImputer>
/** Options of {@link DatetimeEncoder}. @interface */
export type DatetimeEncoderOptions = OptionsOf<typeof preparation.DatetimeEncoder>

/** Options of `Pipeline.infer` beside those of a Pipeline. */
export const inferenceOptions = {
  /** Up to how many categories a column is one-hot encoded; one of more gets codes for a layer of embeddings. A non-negative integer; default 32. */
  oneHotLimit: defaulted(32, checks.wholeNumber),
}
