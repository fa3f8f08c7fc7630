import { show, typeError } from '../errors.js'
import { isTypedArray } from '../matrix.js'
import { fromHalf } from './half.js'
import type { Column } from './column.js'
import type { Table } from './table.js'
import { concatenateColumns, toCategoryColumn } from './column.js'
import type { Validity, Values } from './vectors.js'
import { isValid, toDateColumn, toDecimalColumn, toNumberColumn, toTable } from './vectors.js'

// What is read of Apache Arrow's objects. The package itself is not imported: any version will do,
// and none need be installed.

/** A Table or a RecordBatch of apache-arrow. */
export interface ArrowTable {
  readonly schema: { readonly fields: readonly { readonly name: string }[] }
  readonly numRows: number
  /** A column, by its place. */
  getChildAt(index: number): ArrowVector | null
}

/** A Vector of apache-arrow: a column in one or more pieces. */
export interface ArrowVector {
  readonly type: ArrowType
  readonly data: readonly ArrowData[]
  readonly length: number
  /** A value, by its row. */
  get(index: number): unknown
}

interface ArrowType {
  /** Of the enumeration `Type`. */
  readonly typeId: number
  toString(): string
}

interface ArrowData {
  readonly type: ArrowType
  readonly length: number
  /** Where the bits of `nullBitmap`, and of booleans' `values`, begin. */
  readonly offset: number
  readonly nullCount: number
  readonly nullBitmap?: Uint8Array | null
  readonly values: unknown
  readonly dictionary?: ArrowVector
}

/** `Type` of apache-arrow's enum.ts; ids of the format itself, so they do not change. */
const type = {
  null: 1,
  int: 2,
  float: 3,
  utf8: 5,
  bool: 6,
  decimal: 7,
  date: 8,
  timestamp: 10,
  largeUtf8: 20,
  utf8View: 24,
  dictionary: -1,
} as const

/** Milliseconds in a unit, by apache-arrow's `DateUnit` and `TimeUnit`. */
const dateUnits = [86_400_000, 1]
const timeUnits = [1000, 1, 1e-3, 1e-6]
const halfPrecision = 0

/** Whether a value is a Table or a RecordBatch of apache-arrow. */
export function isArrowTable(value: unknown): value is ArrowTable {
  return (
    typeof value === 'object' &&
    value !== null &&
    'getChildAt' in value &&
    typeof value.getChildAt === 'function' &&
    'numRows' in value &&
    'schema' in value
  )
}

/**
 * The columns of an Apache Arrow Table or RecordBatch. Numbers are taken without a copy where they
 * lie in one piece and none is missing. Missing numbers become NaN (and integers floats with it);
 * booleans 1 and 0; 64-bit integers and decimals float64; texts and dictionaries of texts
 * categories; dates and timestamps milliseconds, in UTC.
 *
 * @param source - a Table or a RecordBatch of the package apache-arrow, of whichever version
 * @throws TypeError if it is neither, or has a column of another type
 * @throws RangeError for an integer or decimal that float64 does not hold exactly, or two columns of
 * one name
 *
 * @example
 * import { tableFromIPC } from 'apache-arrow'
 * import { readFile } from 'node:fs/promises'
 *
 * const table = tableFromArrow(tableFromIPC(await readFile('rows.arrow')))
 */
export function tableFromArrow(source: ArrowTable): Table {
  if (!isArrowTable(source)) throw typeError('source', 'an Arrow Table or RecordBatch', source)
  const dictionaries = new Map<ArrowVector, Column>()
  return toTable(
    source.schema.fields.map(({ name }, i) => {
      const vector = source.getChildAt(i)
      if (vector === null) throw typeError('source', 'an Arrow Table or RecordBatch', source)
      return [name, fromVector(name, vector, dictionaries)]
    }),
  )
}

/** @param dictionaries - those read so far: pieces share them */
function fromVector(
  name: string,
  vector: ArrowVector,
  dictionaries: Map<ArrowVector, Column>,
): Column {
  const pieces = vector.data.map((data, i) => {
    // Of texts, apache-arrow alone knows how they lie.
    const before = vector.data.slice(0, i).reduce((rows, { length }) => rows + length, 0)
    return fromData(name, data, (row) => vector.get(before + row), dictionaries)
  })
  return concatenateColumns(name, pieces)
}

function fromData(
  name: string,
  data: ArrowData,
  valueAt: (row: number) => unknown,
  dictionaries: Map<ArrowVector, Column>,
): Column {
  const validity =
    data.nullCount > 0 && data.nullBitmap
      ? { bits: data.nullBitmap, offset: data.offset }
      : undefined
  const rows = data.length
  switch (data.type.typeId) {
    case type.null:
      return { type: 'number', values: new Float32Array(rows).fill(NaN) }
    case type.bool:
      return toNumberColumn(name, readBits(name, data), validity)
    case type.int:
      return toNumberColumn(name, readValues(name, data), validity)
    case type.float: {
      const values = readValues(name, data)
      const isHalf = numberOf(data, 'precision') === halfPrecision && values instanceof Uint16Array
      return toNumberColumn(name, isHalf ? fromHalf(values) : values, validity)
    }
    case type.decimal:
      return toDecimalColumn(name, readDecimals(name, data), numberOf(data, 'scale'), validity)
    case type.date:
    case type.timestamp: {
      const units = data.type.typeId === type.date ? dateUnits : timeUnits
      const unit = units[numberOf(data, 'unit')] ?? NaN
      return toDateColumn(name, readValues(name, data), unit, validity)
    }
    case type.utf8:
    case type.largeUtf8:
    case type.utf8View:
      return toCategoryColumn(rows, (row) => valueAt(row) as string | null) // as the type says
    case type.dictionary:
      return fromDictionary(name, data, validity, dictionaries)
    default:
      throw refuse(name, data)
  }
}

function fromDictionary(
  name: string,
  data: ArrowData,
  validity: Validity | undefined,
  dictionaries: Map<ArrowVector, Column>,
): Column {
  const { dictionary } = data
  if (dictionary === undefined) throw refuse(name, data)
  const column = dictionaries.get(dictionary) ?? fromVector(name, dictionary, dictionaries)
  dictionaries.set(dictionary, column)
  const indices = readValues(name, data)
  const place = (row: number) => (isValid(validity, row) ? Number(indices[row]) : -1)
  if (column.type === 'category') {
    const codes = Int32Array.from(
      { length: data.length },
      (_, row) => column.codes[place(row)] ?? -1,
    )
    return { ...column, codes }
  }
  const values = Float64Array.from(
    { length: data.length },
    (_, row) => column.values[place(row)] ?? NaN,
  )
  return { type: column.type, values }
}

/** The rows' values; apache-arrow has cut them to the piece, but what a file is padded with. */
function readValues(name: string, data: ArrowData): Values {
  const { values } = data
  const isNumbers =
    isTypedArray(values) || values instanceof BigInt64Array || values instanceof BigUint64Array
  if (!isNumbers || values.length < data.length) throw refuse(name, data)
  return values.length === data.length ? values : values.subarray(0, data.length)
}

function readBits(name: string, data: ArrowData): Uint8Array {
  const { values, offset } = data
  if (!(values instanceof Uint8Array)) throw refuse(name, data)
  return Uint8Array.from({ length: data.length }, (_, row) =>
    Number(isValid({ bits: values, offset }, row)),
  )
}

/** Integers of 32, 64, 128 or 256 bits, in words of 32, the lowest first. */
function readDecimals(name: string, data: ArrowData): bigint[] {
  const { values } = data
  const words = numberOf(data, 'bitWidth') / 32
  if (!(values instanceof Uint32Array) || values.length < data.length * words)
    throw refuse(name, data)
  return Array.from({ length: data.length }, (_, row) => {
    let integer = 0n
    for (let word = words - 1; word >= 0; word--)
      integer = (integer << 32n) | BigInt(values[row * words + word] ?? 0)
    return BigInt.asIntN(32 * words, integer)
  })
}

/** A property of the type; NaN if it is no number. */
function numberOf(data: ArrowData, property: string): number {
  const value: unknown = Reflect.get(data.type, property)
  return typeof value === 'number' ? value : NaN
}

function refuse(name: string, data: ArrowData): TypeError {
  return new TypeError(
    `Column ${show(name)} is of Arrow's type ${data.type.toString()}, which a Table does not hold`,
  )
}
