import type { Column } from './data/column.js'
import type { Table } from './data/table.js'
import { show } from './errors.js'
import type { RowKeys, RowTimes } from './options/index.js'

/** For each row a number that rows with equal values share, from 0 to `count - 1`. */
export interface Codes {
  readonly codes: Int32Array
  readonly count: number
}

/** Codes of values, in the order in which they first come. */
export function toCodes(values: RowKeys): Codes {
  const places = new Map<number | string, number>()
  const codes = Int32Array.from<number | string>(values, (value) => {
    const place = places.get(value) ?? places.size
    places.set(value, place)
    return place
  })
  return { codes, count: places.size }
}

/** Codes of points in time, in their order. */
export function toRanks(times: RowTimes): Codes {
  const numbers = Float64Array.from<number | Date>(times, Number)
  const sorted = numbers.toSorted().filter((time, i, all) => i === 0 || time !== all[i - 1])
  const ranks = new Map(Array.from(sorted, (time, rank) => [time, rank]))
  return { codes: Int32Array.from(numbers, (time) => ranks.get(time) ?? 0), count: sorted.length }
}

/**
 * Codes of the classes in a column of texts or integers; a missing value is a class, too.
 *
 * @throws TypeError for a column of dates or of other numbers
 */
export function classCodes(table: Table, name: string): Codes {
  const column = table.column(name)
  if (column.type === 'category') return toCodes(column.codes)
  if (column.type === 'date' || column.values.some((value) => value % 1 > 0 || value % 1 < 0))
    throw new TypeError(
      `Column ${show(name)} holds ${column.type === 'date' ? 'dates' : 'numbers that are no integers'}: ` +
        'rows are stratified by texts or integers',
    )
  return toCodes(column.values)
}

/**
 * Codes of the values of any column.
 *
 * @throws RangeError for a missing value
 */
export function groupCodes(table: Table, name: string): Codes {
  return toCodes(keysOf(name, table.column(name)))
}

/**
 * Codes of points in time, in their order.
 *
 * @throws TypeError for a column of texts
 * @throws RangeError for a missing value
 */
export function timeCodes(table: Table, name: string): Codes {
  const column = table.column(name)
  if (column.type === 'category')
    throw new TypeError(`Column ${show(name)} holds texts, which are no points in time`)
  return toRanks(keysOf(name, column))
}

/** The values of a column as numbers that are equal where the values are; none is missing. */
function keysOf(name: string, column: Column) {
  const isCategory = column.type === 'category'
  const keys = isCategory ? column.codes : column.values
  const missing = isCategory ? keys.indexOf(-1) : keys.findIndex(Number.isNaN)
  if (missing >= 0) throw new RangeError(`Column ${show(name)} has no value in row ${missing}`)
  return keys
}
