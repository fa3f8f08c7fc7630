import { typeError } from '../errors.js'
import { arrayOf, checks, oneOf } from '../options/index.js'
import { checkNamedOnce } from './column.js'

/**
 * Types that readers of texts can give a column: 'number'; 'boolean', which becomes the numbers 1
 * and 0; 'date', of ISO 8601, in UTC where it says nothing else; 'category', any text.
 */
export type ColumnType = keyof typeof columnTypes

/** How a text becomes the number that a column holds. */
export interface ColumnTypeRow {
  /** NaN if the text is none; undefined where columns hold texts. */
  readonly parse: ((text: string) => number) | undefined
  /** What the texts are, for messages. */
  readonly what: string
}

/** In the order in which they are tried for a column whose type is not given. */
export const columnTypes = {
  boolean: { parse: parseBoolean, what: 'true or false' },
  number: { parse: parseNumber, what: 'a number' },
  date: { parse: parseDate, what: 'a date like 2024-01-31 or 2024-01-31T23:59:59Z' },
  category: { parse: undefined, what: 'a text' },
} satisfies Record<string, ColumnTypeRow>

const names = Object.keys(columnTypes) as ColumnType[] // its own

/** Types of columns, by the columns' names. */
export type ColumnsOption = Readonly<Record<string, ColumnType>>

const checkType = oneOf(names)
const checkNames = arrayOf('an array of texts', checks.text)

/** Checks an option `columns`: types by name, or the names of all columns. */
export function checkColumns(columns: unknown): {
  readonly types: ReadonlyMap<string, ColumnType>
  readonly names: readonly string[] | undefined
} {
  if (columns === undefined) return { types: new Map(), names: undefined }
  if (Array.isArray(columns)) {
    const names = checkNames('columns', columns)
    checkNamedOnce(names)
    return { types: new Map(), names }
  }
  if (typeof columns !== 'object' || columns === null)
    throw typeError('columns', 'an object of types by name, or an array of names', columns)
  const types = Object.entries(columns).map(
    ([name, type]: [string, unknown]) => [name, checkType(`columns.${name}`, type)] as const,
  )
  return { types: new Map(types), names: undefined }
}

/** Rows of a file from which the types of its columns are inferred. */
export const inferredRows = 1000

/** The first type that all texts have; 'number' if there are none. */
export function inferType(texts: readonly string[]): ColumnType {
  if (texts.length === 0) return 'number'
  const fits = (type: ColumnType) => {
    const { parse } = columnTypes[type]
    return parse === undefined || texts.every((text) => !Number.isNaN(parse(text)))
  }
  return names.find(fits) ?? 'category'
}

const booleans: ReadonlyMap<string, number> = new Map([
  ...['true', 'True', 'TRUE'].map((text) => [text, 1] as const),
  ...['false', 'False', 'FALSE'].map((text) => [text, 0] as const),
])

function parseBoolean(text: string): number {
  return booleans.get(text) ?? NaN
}

/** As JavaScript has it, but for blanks and 0x, 0o, 0b. */
function parseNumber(text: string): number {
  const value = Number(text)
  if (value === 0 && text.trim() === '') return NaN
  const second = text.charCodeAt(1) | 0x20
  return second === 0x78 || second === 0x6f || second === 0x62 ? NaN : value
}

const dateOnly = /^\d{4}-\d\d-\d\d$/
const dateAndTime =
  /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?) ?(Z|[+-]\d\d(?::?\d\d)?)?$/

/** Milliseconds since 1970 of a date in ISO 8601, in UTC where it says nothing else; NaN if it is none. */
export function parseDate(text: string): number {
  if (text.length === 10) return dateOnly.test(text) ? parseDay(text) : NaN
  const [, date, time, zone = 'Z'] = dateAndTime.exec(text) ?? []
  if (date === undefined || time === undefined || Number.isNaN(parseDay(date))) return NaN
  return Date.parse(`${date}T${time}${zone.length === 3 ? `${zone}:00` : zone}`)
}

function parseDay(date: string): number {
  const value = Date.parse(date)
  const day = Number(date.slice(8))
  // JavaScript takes 30 February for 1 March.
  return day > 28 && new Date(value).getUTCDate() !== day ? NaN : value
}
