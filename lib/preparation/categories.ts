import type { CategoryColumn, Column, DateColumn, NumberColumn } from '../data/column.js'
import { show } from '../errors.js'
import type { Categories, SettingsOf } from '../options/index.js'
import { checkCategories, checks, required } from '../options/index.js'
import type { Position } from './column_transformer.js'
import { checkNotInfinite } from './column_transformer.js'

// What encoders learn from a column, and the codes that they make of it.

/** What is learned from a column of categories. */
export const categoryFields = {
  /** In their order. */
  categories: required<Categories>(checkCategories),
  /** Whether a value was missing. */
  hasMissing: required(checks.boolean),
}

type LearnedCategories = SettingsOf<typeof categoryFields>

/** The code of a missing value. */
export const missing = -1
/** The code of a value that is none of the categories. */
export const unknown = -2

/** @throws TypeError for a column of dates */
function checkNoDates(
  column: Column,
  name: string,
  owner: string,
): asserts column is Exclude<Column, DateColumn> {
  if (column.type === 'date')
    throw new TypeError(
      `Column ${show(name)} holds dates, ${owner} takes categories; DatetimeEncoder takes dates`,
    )
}

/**
 * What is to be learned from a column, beside what was learned from rows before: new categories,
 * sorted, stand behind those that are known, which keep their codes.
 */
export function learnCategories(
  column: Column,
  name: string,
  owner: string,
  before?: LearnedCategories,
): LearnedCategories {
  checkNoDates(column, name, owner)
  const hadMissing = before?.hasMissing ?? false
  const past = before?.categories ?? []
  const known = new Set<string | number>(past)
  if (column.type === 'number') {
    const { values } = column
    checkNotInfinite(name, values)
    const met = new Set<number>()
    for (const value of values) if (!known.has(value)) met.add(value)
    const hasMissing = met.delete(NaN) || hadMissing
    const added = Array.from(met).sort((a, b) => a - b)
    // Numbers all: what was learned before came from a column of numbers too.
    return { categories: [...(past as readonly number[]), ...added], hasMissing }
  }
  const { codes, categories } = column
  const used = new Uint8Array(categories.length) // not all need to be in these rows
  let hasMissing = hadMissing
  for (const code of codes)
    if (code < 0) hasMissing = true
    else used[code] = 1
  const added = categories.filter((text, code) => used[code] === 1 && !known.has(text)).sort()
  return { categories: [...(past as readonly string[]), ...added], hasMissing } // texts all, too
}

/** What an encoder is told of a column's categories. */
interface Told {
  /** Its option `categories`: a list, or one for each column. */
  readonly categories: Categories | readonly Categories[] | undefined
  /** Whether values may be none of them. */
  readonly allowsUnknown: boolean
}

/**
 * {@link learnCategories}, with those that were given in the place of those that were found.
 *
 * @throws RangeError for a value that is none of those given, unless it may be
 */
export function learnCodes(
  column: Column,
  { name, index, of, before }: Position<typeof categoryFields>,
  owner: string,
  { categories: given, allowsUnknown }: Told,
): LearnedCategories {
  const learned = learnCategories(column, name, owner, before)
  const categories = givenCategories(given, index, of)
  if (categories === undefined) return learned
  const row = codesOf(column, categories, name, owner).indexOf(unknown)
  if (row >= 0 && !allowsUnknown) throw unknownCategory(column, row, name)
  return { ...learned, categories }
}

/** The list that an option `categories` has for a column, if it has any. */
function givenCategories(
  given: Categories | readonly Categories[] | undefined,
  index: number,
  of: number,
): Categories | undefined {
  if (given === undefined || !Array.isArray(given[0])) return given as Categories | undefined
  if (given.length !== of)
    throw new RangeError(`\`categories\` has ${given.length} lists, there are ${of} columns`)
  return given[index] as Categories
}

/** Each row's place among the categories, or {@link missing} or {@link unknown}. */
export function codesOf(
  column: Column,
  categories: Categories,
  name: string,
  owner: string,
): Int32Array {
  checkNoDates(column, name, owner)
  const places = new Map<string | number, number>()
  categories.forEach((category, place) => places.set(category, place))
  if (column.type === 'number') {
    places.set(NaN, missing)
    return codesOfNumbers(column, places)
  }
  const mapped = Int32Array.from(column.categories, (text) => places.get(text) ?? unknown)
  const codes = new Int32Array(column.codes.length)
  for (let row = 0; row < codes.length; row++) {
    const code = column.codes[row] ?? -1
    codes[row] = code < 0 ? missing : (mapped[code] ?? unknown)
  }
  return codes
}

function codesOfNumbers(
  { values }: NumberColumn,
  places: ReadonlyMap<string | number, number>,
): Int32Array {
  const codes = new Int32Array(values.length)
  for (let row = 0; row < codes.length; row++)
    codes[row] = places.get(values[row] ?? NaN) ?? unknown
  return codes
}

/** The values of these places among the categories; missing where there is no such place. */
export function decode(
  codes: Int32Array,
  categories: Categories,
  type: Column['type'],
): NumberColumn | CategoryColumn {
  if (type === 'number')
    return { type, values: Float64Array.from(codes, (code) => Number(categories[code] ?? NaN)) }
  const count = categories.length
  return {
    type: 'category',
    codes: codes.map((code) => (code >= 0 && code < count ? code : missing)),
    categories: categories.map(String),
  }
}

/** The error for a value that is none of the categories. */
export function unknownCategory(column: Column, row: number, name: string): RangeError {
  const value =
    column.type === 'category' ? column.categories[column.codes[row] ?? -1] : column.values[row]
  const what = value === undefined || Number.isNaN(value) ? 'a missing value' : show(value)
  return new RangeError(
    `Column ${show(name)} has a category that was not learned, ${what}, in row ${row}`,
  )
}
