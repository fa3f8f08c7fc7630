import { show } from '../errors.js'
import type { TypedArray } from '../matrix.js'
import { isTypedArray } from '../matrix.js'
import type { Column, DateColumn, NumberColumn } from './column.js'
import { findRepeated, fitsFloat32 } from './column.js'
import { Table } from './table.js'

// Columns of a Table from the vectors of column-oriented libraries: arrays of values, beside bits
// that say which of them are there.

/** Which rows have a value: row i does if bit `offset + i` is set, the lowest of a byte first. */
export interface Validity {
  readonly bits: Uint8Array
  readonly offset: number
}

/** The arrays that vectors of numbers lie in. */
export type Values = TypedArray | BigInt64Array | BigUint64Array

const mostMilliseconds = 8.64e15 // of a JavaScript date

/** Whether row `row` has a value. */
export function isValid(validity: Validity | undefined, row: number): boolean {
  if (validity === undefined) return true
  const bit = validity.offset + row
  return (((validity.bits[bit >> 3] ?? 0) >> (bit & 7)) & 1) === 1
}

/** Numbers as they are, without a copy if all are there; integers of 64 bits as float64. */
export function toNumberColumn(
  name: string,
  values: Values,
  validity: Validity | undefined,
): NumberColumn {
  if (!isTypedArray(values)) return { type: 'number', values: toExact(name, values, validity) }
  if (validity === undefined) return { type: 'number', values }
  const numbers = fitsFloat32(values) ? Float32Array.from(values) : Float64Array.from(values)
  for (let row = 0; row < numbers.length; row++) if (!isValid(validity, row)) numbers[row] = NaN
  return { type: 'number', values: numbers }
}

/** The quotients of integers and 10 ** `scale`: decimal numbers, rounded once. */
export function toDecimalColumn(
  name: string,
  values: ArrayLike<number | bigint>,
  scale: number,
  validity: Validity | undefined,
): NumberColumn {
  const integers = toExact(name, values, validity)
  if (scale > 22) throw new RangeError(`Column ${show(name)} has ${scale} decimal places, at most 22 are exact; cast it to double`) // prettier-ignore
  return { type: 'number', values: integers.map((integer) => integer / 10 ** scale) }
}

/** Dates from numbers of `unit` milliseconds since 1970, to the millisecond before. */
export function toDateColumn(
  name: string,
  values: ArrayLike<number | bigint>,
  unit: number,
  validity: Validity | undefined,
): DateColumn {
  const dates = new Float64Array(values.length)
  const perMillisecond = BigInt(Math.max(1, Math.round(1 / unit)))
  for (let row = 0; row < dates.length; row++) {
    const value = values[row] ?? NaN
    const milliseconds =
      typeof value === 'bigint' && perMillisecond > 1n
        ? divide(value, perMillisecond)
        : Number(value) * unit
    dates[row] = isValid(validity, row) ? milliseconds : NaN
    if (Math.abs(dates[row] ?? 0) > mostMilliseconds)
      throw new RangeError(`Column ${show(name)}, row ${row}: ${values[row] ?? ''} is beyond what a date can be`) // prettier-ignore
  }
  return { type: 'date', values: dates }
}

/** Rounded down. */
function divide(value: bigint, divisor: bigint): number {
  const remainder = value % divisor
  return Number((value - (remainder < 0n ? remainder + divisor : remainder)) / divisor)
}

/**
 * A Table of columns that may have one name in common, as those of two joined tables.
 *
 * @throws RangeError if they do: one would hide the other
 */
export function toTable(columns: readonly (readonly [name: string, column: Column])[]): Table {
  const repeated = findRepeated(columns.map(([name]) => name))
  if (repeated !== undefined)
    throw new RangeError(`Two columns have the name ${show(repeated)}; rename one of them`)
  return new Table(new Map(columns))
}

/** @throws RangeError for an integer that float64 does not tell from its neighbours */
function toExact(
  name: string,
  values: ArrayLike<number | bigint>,
  validity: Validity | undefined,
): Float64Array {
  const numbers = new Float64Array(values.length)
  for (let row = 0; row < numbers.length; row++) {
    const value = Number(values[row])
    if (!isValid(validity, row)) numbers[row] = NaN
    else if (Number.isSafeInteger(value)) numbers[row] = value
    else
      throw new RangeError(
        `Column ${show(name)}, row ${row}: ${values[row] ?? ''} is beyond 2^53, which a number does not hold exactly; cast it to double or text`,
      )
  }
  return numbers
}
